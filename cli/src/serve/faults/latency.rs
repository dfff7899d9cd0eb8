//! An added delay of each request.

use std::str::FromStr;
use std::time::Duration;

/// A time, or a range from which each request takes a random time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    least: Duration,
    most: Duration,
}

impl Latency {
    pub async fn delay(self) {
        if self.most > Duration::ZERO {
            tokio::time::sleep(self.pick()).await;
        }
    }

    fn pick(self) -> Duration {
        // Without random numbers every request takes the shortest time.
        let chance = getrandom::u32().unwrap_or(0);
        self.least + (self.most - self.least).mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }
}

impl FromStr for Latency {
    type Err = String;

    /// `50ms` or `50ms..200ms`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let parse = |time| {
            humantime::parse_duration(time).map_err(|_| "expected a time such as 50ms, or a range such as 50ms..200ms")
        };
        let latency = Self { least: parse(least)?, most: parse(most)? };
        if latency.least > latency.most {
            return Err("the range ends before it starts".into());
        }
        Ok(latency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_picked_from() {
        let latency: Latency = "50ms..200ms".parse().unwrap();
        for _ in 0..100 {
            assert!((Duration::from_millis(50)..=Duration::from_millis(200)).contains(&latency.pick()));
        }
    }

    #[test]
    fn a_single_time_is_a_range_of_one() {
        assert_eq!("1s".parse::<Latency>().unwrap().pick(), Duration::from_secs(1));
        assert_eq!(Latency::default().pick(), Duration::ZERO);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "fast", "2s..1s", "1s..", "..1s"] {
            assert!(text.parse::<Latency>().is_err(), "{text}");
        }
    }
}
