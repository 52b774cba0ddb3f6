/** Who offers and when: the negotiation as a pure function, against simple-peer's rules. */
import { describe, expect, test } from 'vitest'
import {
  type Action,
  type Negotiation,
  type NegotiationEvent,
  negotiate,
  startNegotiation,
} from '../src/link/negotiation.ts'
import type { Description, Signal } from '../src/wire/signal.ts'

const offer: Description = { type: 'offer', sdp: 'offer' }
const answer: Description = { type: 'answer', sdp: 'answer' }
const candidate = (text: string, generation: string | null = null): Signal => ({
  type: 'candidate',
  candidate: { candidate: text, sdpMLineIndex: 0, sdpMid: '0', usernameFragment: generation },
})
const request: Signal = { type: 'transceiverRequest', transceiverRequest: { kind: 'audio' } }
const ask: Signal = { type: 'renegotiate', renegotiate: true }

/** One end, told one thing after the other; what it does in return, in short. */
const end = (initiator: boolean) => {
  let state: Negotiation = startNegotiation(initiator)
  const told = (event: NegotiationEvent): string[] => {
    const { next, actions } = negotiate(state, event)
    state = next
    return actions.map(short)
  }
  return {
    wants: () => told({ type: 'negotiation-needed' }),
    hears: (signal: Signal) => told({ type: 'signal', signal }),
    settles: (offerId = state.offerId) => told({ type: 'stable', offerId }),
    meets: () => told({ type: 'mutual' }),
    waits: () => told({ type: 'overdue' }),
    loses: () => told({ type: 'restart' }),
  }
}

const short = (action: Action): string => {
  switch (action.type) {
    case 'send':
      return `say ${action.signal.type}`
    case 'accept':
      return `accept ${action.description.type}`
    case 'add-candidate':
      return `add ${action.candidate.candidate}`
    case 'add-transceiver':
      return `add ${action.kind}`
    case 'offer':
      return action.restart ? 'offer another way' : 'offer'
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
    expect(added.filter(action => action === 'add audio')).toHaveLength(64)
  })
})

describe('pages of ours', () => {
  test('need no further offer for what goes into the answer to the one that is out', () => {
    const first = end(true)
    first.wants()
    first.hears(answer)
    first.meets()
    first.settles()
    expect(first.wants()).toEqual(['offer'])
    expect(first.hears(ask)).toEqual([])
    first.hears(answer)
    expect(first.settles()).toEqual([])
    expect(first.hears(ask)).toEqual(['offer'])
    expect(first.hears(request)).toEqual(['add audio'])
    first.hears(answer)
    expect(first.settles()).toEqual(['offer'])
    const other = end(false)
    other.hears(offer)
    other.meets()
    other.settles()
    expect(other.wants()).toEqual(['say renegotiate'])
    expect(other.wants()).toEqual([])
    other.hears(offer)
    expect(other.wants()).toEqual([])
    expect(other.settles()).toEqual(['say renegotiate'])
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

describe('a signal that is lost', () => {
  test('costs a while: the initiator offers again, and takes the answer to that alone', () => {
    const { wants, hears, settles, waits } = end(true)
    wants()
    hears({ ...answer, round: 1 })
    settles()
    expect(waits()).toEqual([])
    wants()
    expect(waits()).toEqual(['say renegotiate', 'offer'])
    expect(hears({ ...answer, round: 2 })).toEqual([])
    expect(hears({ ...answer, round: 3 })).toEqual(['accept answer'])
  })
  test('is asked for again by the other side', () => {
    const { wants, hears, settles, waits } = end(false)
    hears(offer)
    settles()
    wants()
    expect(waits()).toEqual(['say renegotiate'])
  })
  test('is not waited for before the first round is over', () => {
    const { wants, waits } = end(true)
    wants()
    expect(waits()).toEqual([])
  })
  test('and comes after all is passed over', () => {
    const { hears, settles } = end(false)
    hears({ ...offer, round: 1 })
    settles()
    expect(hears({ ...offer, round: 3 })).toEqual(['accept offer'])
    settles()
    expect(hears({ ...offer, round: 2 })).toEqual([])
    expect(hears({ ...offer, round: 3 })).toEqual([])
    expect(hears({ ...offer, round: 4 })).toEqual(['accept offer'])
  })
})

describe('a peer that the network has lost', () => {
  test('is offered another way, in the middle of a round too', () => {
    const { wants, hears, settles, loses } = end(true)
    expect(loses()).toEqual([])
    wants()
    hears(answer)
    settles()
    expect(loses()).toEqual(['say renegotiate', 'offer another way'])
    expect(loses()).toEqual(['say renegotiate', 'offer another way'])
    expect(hears(answer)).toEqual(['accept answer'])
  })
  test('is waited for by whoever may not offer', () => {
    const { hears, settles, loses } = end(false)
    hears(offer)
    settles()
    expect(loses()).toEqual([])
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

describe('two pages of ours', () => {
  const described = (type: 'offer' | 'answer', round: number, generation = 'a'): Description => ({
    type,
    sdp: `v=0\r\na=ice-ufrag:${generation}\r\n`,
    round,
  })
  /** Met over the first offer, by whichever end. */
  const met = (initiator: boolean) => {
    const it = end(initiator)
    if (initiator) it.wants()
    it.hears(described(initiator ? 'answer' : 'offer', 1))
    it.settles()
    it.meets()
    return it
  }

  test('look for another way from either end, and leave the other offers to the initiator', () => {
    expect(met(true).wants()).toEqual(['offer'])
    expect(met(true).loses()).toEqual(['offer another way'])
    expect(met(false).wants()).toEqual(['say renegotiate'])
    const { loses, hears, settles } = met(false)
    expect(loses()).toEqual(['offer another way'])
    expect(hears(described('answer', 2, 'b'))).toEqual(['accept answer'])
    expect(settles()).toEqual([])
  })
  test('offer what they have asked for in vain', () => {
    const { wants, waits, hears, settles } = met(false)
    wants()
    expect(waits()).toEqual(['offer'])
    expect(hears(described('answer', 2))).toEqual(['accept answer'])
    expect(settles()).toEqual([])
  })
  test('that offer across each other: the initiator gives way, and offers its own once more', () => {
    const [polite, other] = [met(true), met(false)]
    polite.wants()
    other.loses()
    expect(other.hears(described('offer', 2))).toEqual([])
    expect(polite.hears(described('offer', 2))).toEqual(['accept offer'])
    expect(other.hears(described('answer', 2))).toEqual(['accept answer'])
    expect(other.settles()).toEqual([])
    expect(polite.settles()).toEqual(['offer'])
    expect(other.hears(described('offer', 3))).toEqual(['accept offer'])
  })
  test('look for another way although the offer that did so gave way, unless theirs does too', () => {
    const waits = met(true)
    waits.loses()
    waits.hears(described('offer', 2))
    expect(waits.settles()).toEqual(['offer another way'])
    const finds = met(true)
    finds.loses()
    finds.hears(described('offer', 2, 'b'))
    expect(finds.settles()).toEqual(['offer'])
  })
  test('pass over an offer that comes after the next one, over another way', () => {
    const { hears, settles } = met(false)
    hears(described('offer', 3))
    settles()
    expect(hears(described('offer', 2))).toEqual([])
    expect(hears(described('offer', 3))).toEqual([])
  })
  test('take the answer to a restart that began while an earlier answer was being taken', () => {
    const { wants, hears, loses, settles } = met(true)
    wants()
    hears(described('answer', 2))
    expect(loses()).toEqual(['offer another way'])
    expect(settles(2)).toEqual([])
    expect(hears(described('answer', 3, 'b'))).toEqual(['accept answer'])
  })
  test('add each candidate to the description of its generation, and none to another', () => {
    const { hears, settles, loses } = met(true)
    expect(hears(candidate('now', 'a'))).toEqual(['add now'])
    loses()
    expect(hears(candidate('next', 'b'))).toEqual([])
    expect(hears(described('answer', 2, 'b'))).toEqual(['accept answer', 'add next'])
    settles()
    expect(hears(candidate('late', 'a'))).toEqual([])
    expect(hears(candidate('unnamed'))).toEqual(['add unnamed'])
  })
})
