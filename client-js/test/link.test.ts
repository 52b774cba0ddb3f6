/** Who offers and when: the negotiation as a pure function, against simple-peer's rules. */
import { describe, expect, test } from 'vitest'
import {
  type Deed,
  type Negotiation,
  type NegotiationEvent,
  negotiate,
  startNegotiation,
} from '../src/link/negotiation.ts'
import type { Signal } from '../src/wire/signal.ts'

const offer: Signal = { type: 'offer', sdp: 'offer' }
const answer: Signal = { type: 'answer', sdp: 'answer' }
const candidate = (text: string): Signal => ({
  type: 'candidate',
  candidate: { candidate: text, sdpMLineIndex: 0, sdpMid: '0' },
})
const request: Signal = { type: 'transceiverRequest', transceiverRequest: { kind: 'audio' } }
const ask: Signal = { type: 'renegotiate', renegotiate: true }

/** One end, told one thing after the other; what it does in return, in short. */
const end = (initiator: boolean) => {
  let state: Negotiation = startNegotiation(initiator)
  const told = (event: NegotiationEvent): string[] => {
    const { next, deeds } = negotiate(state, event)
    state = next
    return deeds.map(short)
  }
  return {
    wants: () => told({ type: 'wanted' }),
    hears: (signal: Signal) => told({ type: 'signal', signal }),
    settles: () => told({ type: 'settled' }),
  }
}

const short = (deed: Deed): string => {
  switch (deed.type) {
    case 'send':
      return `say ${deed.signal.type}`
    case 'accept':
      return `accept ${deed.description.type}`
    case 'add-candidate':
      return `add ${deed.candidate.candidate}`
    case 'add-transceiver':
      return `add ${deed.kind}`
    case 'offer':
      return 'offer'
  }
}

describe('the initiator', () => {
  test('offers at once, and announces every later offer', () => {
    const { wants, hears, settles } = end(true)
    expect(wants()).toEqual(['offer'])
    expect(hears(answer)).toEqual(['accept answer'])
    expect(settles()).toEqual([])
    expect(wants()).toEqual(['say renegotiate', 'offer'])
  })
  test('makes one more round of all that was wanted during one', () => {
    const { wants, hears, settles } = end(true)
    wants()
    expect(wants()).toEqual([])
    expect(hears(ask)).toEqual([])
    expect(hears(answer)).toEqual(['accept answer'])
    expect(settles()).toEqual(['say renegotiate', 'offer'])
    hears(answer)
    expect(settles()).toEqual([])
  })
  test('answers every wish with an offer', () => {
    const { wants, hears, settles } = end(true)
    wants()
    hears(answer)
    settles()
    expect(hears(ask)).toEqual(['say renegotiate', 'offer'])
    hears(answer)
    settles()
    expect(hears(request)).toEqual(['add audio', 'say renegotiate', 'offer'])
    expect(hears(request)).toEqual(['add audio'])
    hears(answer)
    expect(settles()).toEqual(['say renegotiate', 'offer'])
  })
  test('takes no offer, and no answer to nothing', () => {
    const { wants, hears, settles } = end(true)
    wants()
    expect(hears(offer)).toEqual([])
    hears(answer)
    settles()
    expect(hears(answer)).toEqual([])
  })
  test('adds no more transceivers than a call needs', () => {
    const { wants, hears } = end(true)
    wants()
    const added = Array.from({ length: 500 }, () => hears(request)).flat()
    expect(added.filter(deed => deed === 'add audio')).toHaveLength(32)
  })
})

describe('the other side', () => {
  test('never offers: it asks, and not before it was offered anything', () => {
    const { wants, hears, settles } = end(false)
    expect(wants()).toEqual([])
    expect(hears(offer)).toEqual(['accept offer'])
    settles()
    expect(wants()).toEqual(['say renegotiate'])
    expect(wants()).toEqual([])
    expect(hears(offer)).toEqual(['accept offer'])
    expect(settles()).toEqual(['say renegotiate'])
  })
  test('passes over what only an initiator heeds', () => {
    const { hears } = end(false)
    hears(offer)
    expect([hears(ask), hears(request), hears(answer)].flat()).toEqual([])
  })
})

describe('candidates', () => {
  test('wait for the description, then follow it in order', () => {
    const { hears } = end(false)
    expect(hears(candidate('a'))).toEqual([])
    expect(hears(candidate('b'))).toEqual([])
    expect(hears(offer)).toEqual(['accept offer', 'add a', 'add b'])
    expect(hears(candidate('c'))).toEqual(['add c'])
  })
  test('of a flood before the description only so many are kept', () => {
    const { hears } = end(false)
    for (let count = 0; count < 5_000; count++) hears(candidate('x'))
    expect(hears(offer)).toHaveLength(201)
  })
})
