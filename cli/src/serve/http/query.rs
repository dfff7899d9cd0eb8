//! The parameters in a URL's query.

use std::borrow::Cow;

use axum::http::Uri;
use percent_encoding::percent_decode_str;

/// The value of the first parameter with this name. A `+` stands for itself, since tokens in base64 contain it.
pub fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<Cow<'a, [u8]>> {
    let mut parameters = uri.query()?.split('&').filter_map(|parameter| parameter.split_once('='));
    parameters.find(|(other, _)| *other == name).map(|(_, value)| percent_decode_str(value).into())
}
