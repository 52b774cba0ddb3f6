/** Invitation links: what they hold, and how they are found in what messengers and people make of them. */
import { describe, expect, test } from 'vitest'
import { roomId } from '../src/wire/ids.ts'
import { parseInvitation, writeInvitation } from '../src/wire/invitation.ts'
import { parsePasted } from '../src/wire/pasted.ts'

describe('invitations', () => {
  const page = 'https://chat.example/some/page?x=1#old'
  const room = { name: 'tea & talk', kind: 'star', peersMax: 5 } as const

  test('keep room and password in the fragment, whatever the password holds', () => {
    const link = writeInvitation(page, { ...room, id: roomId('r-1'), password: 'a+b &=#%/é' })
    expect(new URL(link).search).toBe('')
    expect(parseInvitation(link)).toEqual({ room: 'r-1', password: 'a+b &=#%/é' })
  })
  test('are read from the original’s query too, the fragment first', () => {
    expect(parseInvitation('https://h/?room=q&pwd=x')).toEqual({ room: 'q', password: 'x' })
    expect(parseInvitation('https://h/?room=q&pwd=x#room=f&pwd=')).toEqual({ room: 'f', password: '' })
    expect(parseInvitation('https://h/#room=f')).toEqual({ room: 'f', password: null })
  })
  test('hold what opens a room of ours again, and nothing of it without the key', () => {
    const key = 'kkkkkkkkkkkkkkkkkkkk_-'
    const link = writeInvitation(page, { ...room, id: roomId('r-1'), password: 'p', key })
    expect(parseInvitation(link)).toEqual({ room: 'r-1', password: 'p', key, restore: room })
    const usual = { name: '', kind: 'mesh', peersMax: 8 } as const
    const short = writeInvitation(page, { ...usual, id: roomId('r-1'), password: 'p', key })
    expect(new URL(short).hash).toBe(`#pwd=p&key=${key}&room=r-1`)
    expect(parseInvitation(short)?.restore).toEqual(usual)
    expect(parseInvitation(`https://h/#room=r&key=short&max=5`)).toEqual({ room: 'r', password: null })
    expect(parseInvitation(`https://h/#room=r&key=${key}&max=1e9&kind=ring`)?.restore).toEqual(usual)
  })
  test('say of which kind the room is', () => {
    const key = 'kkkkkkkkkkkkkkkkkkkk_-'
    const link = writeInvitation(page, { ...room, kind: 'server', id: roomId('r-1'), password: 'p', key })
    expect(link).toContain('&kind=server&')
    expect(parseInvitation(link)?.restore).toEqual({ ...room, kind: 'server' })
  })
  test.each([['https://h/'], ['https://h/#room='], ['nonsense'], ['']])('%s is none', address => {
    expect(parseInvitation(address)).toBeNull()
  })
  test.each(['abc_', 'abc.', 'a*', 'x-', ')'])('end in the id, which no messenger cuts: %s', password => {
    const link = writeInvitation(page, { ...room, id: roomId('0f7b-1'), password })
    expect(link).toMatch(/[a-z0-9]$/i)
    expect(parsePasted(`${link}.`)).toEqual({ room: '0f7b-1', password })
  })
  test.each([
    'Join us: https://h/#pwd=p&room=r-1.',
    '(https://h/#pwd=p&room=r-1)',
    '<https://h/#pwd=p&amp;room=r-1>',
    'https://h/%23pwd=p&room=r-1',
    'https://h/%23pwd%3Dp%26room%3Dr-1',
    'https://warns.example/?url=https%3A%2F%2Fh%2F%23pwd%3Dp%26room%3Dr-1',
    'https://h/#pwd=p&\n room=r-1',
    'see https://other.example/ and https://h/#room=r-1&pwd=p',
  ])('are found in what messengers make of them: %s', text => {
    expect(parsePasted(text)).toEqual({ room: 'r-1', password: 'p' })
  })
  test('a text without end is searched in no time to speak of', () => {
    expect(parsePasted(`https://h/?${'.'.repeat(200_000)}a`)).toBeNull()
    expect(parsePasted('%23'.repeat(100_000))).toBeNull()
  })
  test('a pasted text is a link or a bare id', () => {
    expect(parsePasted('  https://h/#room=r&pwd=p ')).toEqual({ room: 'r', password: 'p' })
    expect(parsePasted(' 0f7b-1 ')).toEqual({ room: '0f7b-1', password: null })
    expect(parsePasted('https://h/')).toBeNull()
    expect(parsePasted('two words')).toBeNull()
    expect(parsePasted('  ')).toBeNull()
  })
})
