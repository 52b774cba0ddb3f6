//! Many people in one call: whose pictures are sent on, by who speaks.
use super::World;
use crate::guests::Camera;

const PEOPLE: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

#[test]
fn of_many_those_are_seen_who_spoke_last_and_everybody_is_heard() {
    let (mut world, mut cameras) = World::calling(&PEOPLE);
    for camera in &mut cameras {
        camera.sizes = vec!["l"];
        camera.level = -70;
    }
    let seen = |world: &mut World, cameras: &[Camera]| {
        world.film(cameras, 1_500);
        world.guests.iter_mut().for_each(|it| it.packets.clear());
        world.film(cameras, 200);
        world.seen_and_heard(0)
    };
    let seen_by = |seen: &str| (seen.to_owned(), "bcdefghijkl".to_owned());
    assert_eq!(seen(&mut world, &cameras), seen_by("bcdefghij"));
    assert_eq!(world.host.stats().streams_out, 12 * (11 + 9));
    // Somebody who is not seen speaks, and takes the place of whoever has not spoken for the longest time.
    cameras[11].level = -20;
    assert_eq!(seen(&mut world, &cameras), seen_by("bcdefghil"));
    // Whoever falls silent is seen until somebody else has spoken.
    cameras[11].level = -70;
    assert_eq!(seen(&mut world, &cameras), seen_by("bcdefghil"));
    // One who is shown large is seen in any case.
    world.shows(0, "k", "large");
    assert_eq!(seen(&mut world, &cameras), seen_by("bcdefghikl"));
    assert!(world.guests[0].offers.last().is_some_and(|it| it.matches("a=msid:").count() == 22));
}
