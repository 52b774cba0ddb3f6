/**
 * An appointment as a calendar file: iCalendar, RFC 5545. One event in one file is little to write, and the libraries that
 * do it are ten times as large as this; a test has one of them read what is written here. Pure.
 */

export type Appointment = {
  /** The same for the same appointment, so that a calendar that takes it twice shows it once. */
  readonly uid: string
  /** These three in milliseconds since 1970. */
  readonly written: number
  readonly from: number
  readonly until: number
  readonly title: string
  readonly text: string
  readonly link: string
}

/** What a line may have without its end, in octets: section 3.1. */
const octetsMax = 75

export const calendarFile = ({ uid, written, from, until, title, text, link }: Appointment): string =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//P2PChat//P2PChat//EN',
    'BEGIN:VEVENT',
    `UID:${escaped(uid)}`,
    `DTSTAMP:${utc(written)}`,
    `DTSTART:${utc(from)}`,
    `DTEND:${utc(until)}`,
    `SUMMARY:${escaped(title)}`,
    `DESCRIPTION:${escaped(`${text}\n${link}`)}`,
    // Some calendars show the one as a link, and some the other.
    `LOCATION:${escaped(link)}`,
    `URL:${link}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ]
    .map(line => `${folded(line)}\r\n`)
    .join('')

/** `20261201T150000Z`: section 3.3.5, form 2. */
const utc = (at: number): string => new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')

/** TEXT of section 3.3.11. Control characters have no place in it. */
const escaped = (text: string): string =>
  text
    .replace(/[\\;,]/g, '\\$&')
    .replace(/\r\n?|\n/g, '\\n')
    .replace(/\p{Cc}/gu, '')

const encoder = new TextEncoder()

/** Between characters, although the standard lets one cut inside them. */
const folded = (line: string): string => {
  const parts: string[] = []
  let [part, octets] = ['', 0]
  for (const character of line) {
    const more = encoder.encode(character).byteLength
    // What goes on begins with a space.
    if (octets + more > octetsMax - (parts.length > 0 ? 1 : 0)) {
      parts.push(part)
      part = ''
      octets = 0
    }
    part += character
    octets += more
  }
  return [...parts, part].join('\r\n ')
}
