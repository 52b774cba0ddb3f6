/** The calendar file of a planned room: by the letter of RFC 5545, and as another program reads it. */
import ICAL from 'ical.js'
import { describe, expect, test } from 'vitest'
import { type Appointment, calendarFile } from '../src/app/calendar.ts'
import { ordered } from '../src/ui/views/rooms.tsx'

const usual: Appointment = {
  uid: '003a90e2-3712-8a12-bc07-6c057f805b30-1796137200000@chat.example.org',
  written: Date.UTC(2026, 10, 29, 12, 0, 7, 250),
  from: Date.UTC(2026, 11, 1, 15),
  until: Date.UTC(2026, 11, 1, 16, 30),
  title: 'Team tea',
  text: 'Team tea',
  link: 'https://chat.example.org/#pwd=&key=AAAAAAAAAAAAAAAAAAAAAA&name=Team+tea&room=003a90e2-3712-8a12-bc07-6c057f805b30',
}
const file = (change: Partial<Appointment> = {}): string => calendarFile({ ...usual, ...change })
const lines = (text: string): string[] => text.split('\r\n')
const eventIn = (text: string) => {
  const event = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent('vevent')
  if (!event) throw new Error('no event')
  return event
}

describe('the file', () => {
  test('has the lines that a calendar needs, each ended by CR and LF', () => {
    const text = file()
    expect(text.endsWith('\r\n')).toBe(true)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(lines(text).slice(0, 4)).toEqual([
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//P2PChat//P2PChat//EN',
      'BEGIN:VEVENT',
    ])
    expect(text).toContain(
      '\r\nDTSTAMP:20261129T120007Z\r\nDTSTART:20261201T150000Z\r\nDTEND:20261201T163000Z\r\n',
    )
    expect(lines(text).slice(-3)).toEqual(['END:VEVENT', 'END:VCALENDAR', ''])
  })

  const hard = [
    'a',
    'commas, semicolons; and \\ backslashes',
    'two\nlines\r\nand\rmore',
    'ä'.repeat(200),
    '👩‍👩‍👧‍👦'.repeat(40),
    `${'x'.repeat(66)}🫖`,
    `${'x'.repeat(67)}ä`,
    'BEGIN:VALARM\r\nEND:VEVENT',
    'bell\u0007and\u0000nothing',
  ]
  test.each(hard)('%j stands in lines of 75 octets, with whole characters', title => {
    for (const line of lines(file({ title, text: title }))) {
      expect(new TextEncoder().encode(line).byteLength).toBeLessThanOrEqual(75)
      expect(line).not.toMatch(/\p{Cc}/u)
      expect(line).toBe(new TextDecoder().decode(new TextEncoder().encode(line)))
    }
  })
  test('fills its lines', () => {
    expect(lines(file({ title: 'x'.repeat(300) })).filter(line => line.length === 75).length).toBeGreaterThan(
      3,
    )
  })
  test.each(hard)('%j is read back by another program as it was meant', title => {
    const event = eventIn(file({ title, text: title }))
    const meant = title.replace(/\r\n?/g, '\n').replace(/(?!\n)\p{Cc}/gu, '')
    expect(event.getFirstPropertyValue('summary')).toBe(meant)
    expect(event.getFirstPropertyValue('description')).toBe(`${meant}\n${usual.link}`)
    expect(event.getAllProperties().map(({ name }) => name)).toEqual([
      'uid',
      'dtstamp',
      'dtstart',
      'dtend',
      'summary',
      'description',
      'location',
      'url',
    ])
  })
  test('says when, where and which, and the link is whole', () => {
    const event = eventIn(file())
    const at = (name: string): number | undefined => {
      const value = event.getFirstPropertyValue(name)
      return value instanceof ICAL.Time ? value.toJSDate().getTime() : undefined
    }
    expect([at('dtstart'), at('dtend'), event.getFirstPropertyValue('uid')]).toEqual([
      usual.from,
      usual.until,
      usual.uid,
    ])
    for (const name of ['url', 'location']) expect(event.getFirstPropertyValue(name)).toBe(usual.link)
  })
})

test('rooms that people have still to meet in stand first, in the order of their times', () => {
  const room = (id: string, from: number | null) => ({
    id,
    name: id,
    kind: 'mesh' as const,
    password: '',
    planned: from === null ? null : { from, minutes: 1 },
    owns: false,
  })
  const now = 1_000_000
  const rooms = [
    room('lately', null),
    room('later', now + 5),
    room('over', now - 60_000),
    room('now', now - 59_999),
  ]
  expect(ordered(rooms, now).map(({ id, planned }) => [id, planned !== null])).toEqual([
    ['now', true],
    ['later', true],
    ['lately', false],
    ['over', false],
  ])
})
