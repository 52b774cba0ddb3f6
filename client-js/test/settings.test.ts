/** What is remembered: parsed value by value, written as little as possible, and never trusted. */
import { describe, expect, test } from 'vitest'
import { defaultSettings, parseSettings, type Settings, writeSettings } from '../src/app/settings.ts'
import { isIceUrl, readIceEntry } from '../src/wire/ice.ts'

test('what was chosen comes back', () => {
  const chosen: Settings = {
    ...defaultSettings,
    name: 'Ada',
    theme: 'dark',
    language: 'de',
    sound: false,
    relayOnly: true,
    skinTone: '🏽',
    recentEmoji: ['🫖', '☕'],
    iceServers: [{ urls: ['turn:t.example:3478'], username: 'u', credential: 'c' }],
  }
  expect(parseSettings(writeSettings(chosen))).toEqual(chosen)
})

test('only what differs from the defaults is written, and nothing at all for nothing', () => {
  expect(writeSettings(defaultSettings)).toBeNull()
  expect(JSON.parse(writeSettings({ ...defaultSettings, theme: 'light' }) ?? '')).toEqual({
    version: 1,
    theme: 'light',
  })
})

test.each([
  [null],
  [''],
  ['{'],
  ['[]'],
  ['null'],
  ['7'],
  ['{"theme":"dark"}'],
  ['{"version":2,"theme":"dark"}'],
  [
    '{"version":1,"theme":"pink","name":7,"sound":"no","iceServers":{"urls":"x"},"relayOnly":1,"language":null,"skinTone":"green","recentEmoji":"🫖"}',
  ],
  [
    '{"version":1,"iceServers":[{"urls":"turn:no.account"},{"urls":"http://x"},null,{}],"__proto__":{"sound":false}}',
  ],
])('%s is understood as the defaults', stored => {
  expect(parseSettings(stored)).toEqual(defaultSettings)
})

test('one value that makes no sense does not take the others with it', () => {
  const stored = parseSettings(
    '{"version":1,"theme":"dark","sound":3,"name":"a name that is much too long for it"}',
  )
  expect(stored).toEqual({ ...defaultSettings, theme: 'dark', name: 'a name that is much ' })
})

describe('servers of one’s own', () => {
  test.each([
    'stun:stun.example.org',
    'stun:stun.example.org:3478',
    'STUNS:stun.example.org:5349',
    'turn:192.0.2.7:3478?transport=udp',
    'turns:turn.example.org:443?transport=tcp',
    'turn:[2001:db8::1]:3478',
  ])('%s is an address', url => expect(isIceUrl(url)).toBe(true))
  test.each([
    '',
    'stun:',
    'stun://stun.example.org',
    'http://stun.example.org',
    'stun:stun.example.org?transport=udp',
    'turn:t.example:0',
    'turn:t.example:65536',
    'turn:t.example:port',
    'turn:t.example?transport=sctp',
    'turn:user@t.example',
    'turn:a..b',
    'stun:a b',
    `stun:${'a'.repeat(400)}`,
  ])('%s is none', url => expect(isIceUrl(url)).toBe(false))

  test('an entry becomes a server, or says what is wrong with it', () => {
    const entry = { url: ' turn:t.example ', username: ' u ', credential: ' c ' }
    expect(readIceEntry(entry)).toEqual({ urls: ['turn:t.example'], username: 'u', credential: ' c ' })
    expect(readIceEntry({ ...entry, credential: '' })).toBe('no-account')
    expect(readIceEntry({ ...entry, url: 't.example' })).toBe('no-address')
    expect(readIceEntry({ url: 'stun:s.example', username: '', credential: '' })).toEqual({
      urls: ['stun:s.example'],
    })
  })
})
