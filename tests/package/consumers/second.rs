//! Another Rust library that a C program links statically beside libanchor.a, with a runtime of its own.

/// Panics and catches it, for which it needs `rust_eh_personality`, an allocator and thread-locals.
#[unsafe(no_mangle)]
pub extern "C" fn second_answer() -> i32 {
    std::panic::set_hook(Box::new(|_| ()));
    let thread = std::thread::spawn(|| std::hint::black_box(vec![1, 2, 3]).len() + usize::from(panics()));
    i32::try_from(thread.join().map_or(0, |count| count)).unwrap_or(0)
}

fn panics() -> bool {
    std::panic::catch_unwind(|| std::hint::black_box(Vec::<u8>::new())[0]).is_err()
}
