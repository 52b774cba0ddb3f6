//! Figures of the stars that the server hosts.
use std::fmt;

use super::{one, page::Page};
use crate::hosting::HostingFigures;

pub(super) fn write(page: &mut Page<'_>, figures: &HostingFigures) -> fmt::Result {
    let HostingFigures { n_stars, stats } = figures;
    let by_direction =
        |n_in: u64, n_out: u64| [("in", n_in), ("out", n_out)].map(|(name, n)| (vec![("direction", name)], n));
    page.gauge("p2pchat_hosted_stars", "Stars that this server hosts and somebody is in.", &one(*n_stars as u64))?;
    page.gauge("p2pchat_hosted_people", "People in them who have introduced themselves.", &one(stats.people as u64))?;
    page.gauge("p2pchat_hosted_people_in_call", "Of these, people in a call.", &one(stats.in_call as u64))?;
    page.gauge(
        "p2pchat_hosted_streams",
        "Tracks of sound and pictures that come from people, and copies of them that go out.",
        &by_direction(stats.streams_in as u64, stats.streams_out as u64),
    )?;
    page.gauge(
        "p2pchat_hosted_streams_lowered",
        "Of those that go out, pictures smaller than the largest that is sent.",
        &one(stats.layers_low as u64),
    )?;
    page.counter(
        "p2pchat_hosted_packets",
        "Packets of sound and pictures, each copy counted.",
        &by_direction(stats.packets_in, stats.packets_out),
    )?;
    page.counter(
        "p2pchat_hosted_bytes",
        "Bytes in them, without headers.",
        &by_direction(stats.bytes_in, stats.bytes_out),
    )?;
    page.counter(
        "p2pchat_hosted_lost_packets",
        "Packets that were missing for a while, or for good.",
        &by_direction(stats.losses_in, stats.losses_out),
    )?;
    page.counter(
        "p2pchat_hosted_dropped_packets",
        "Packets that were not sent on, because no more may be sent or too many waited.",
        &one(stats.packets_dropped),
    )?;
    page.counter(
        "p2pchat_hosted_key_frame_requests",
        "Key frames that senders were asked for.",
        &one(stats.key_frame_requests),
    )
}
