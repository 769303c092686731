// SPDX-License-Identifier: MIT

// Rust's reqwest (on hyper and h2), which sends one request after the other:
//
//	h2bad run --got exit -- target/release/client {ca} {method} {bodyfile} {urls}
//
// The last URL is the follow-up: its method is GET. The exit status is 1 if a
// request before it failed. Cargo.toml says how this program is built.
use reqwest::{blocking::Client, Certificate, Method};
use std::{env, error::Error, fs, process, time::Duration};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let ca = Certificate::from_pem(&fs::read(&args[1])?)?;
    let client = Client::builder()
        .add_root_certificate(ca)
        .timeout(Duration::from_secs(5))
        .build()?;
    let method: Method = args[2].parse()?;
    let body = fs::read(&args[3])?;
    let mut status = 0;
    for (i, url) in args.iter().enumerate().skip(4) {
        let last = i == args.len() - 1;
        let request = match method {
            _ if last => client.get(url),
            Method::POST => client.post(url).body(body.clone()),
            _ => client.request(method.clone(), url),
        };
        if let Err(e) = request.send().and_then(|answer| answer.bytes()) {
            println!("{url}: {e}: {:?}", e.source());
            status = if last { status } else { 1 };
        }
    }
    process::exit(status)
}
