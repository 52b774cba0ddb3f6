/** A star whose host is the server: nobody is host, and after a restart of the server everybody goes on as who they were. */
import { beforeEach, describe, expect, test } from 'vitest'
import { routesOf } from '../src/core/file-transfers.ts'
import { canSpeak } from '../src/room/chat.ts'
import { diffEvents } from '../src/room/events.ts'
import { roster } from '../src/room/roster.ts'
import { type MemberId, memberId, peerId, type StreamId, streamId } from '../src/wire/ids.ts'
import { type Announced, type ListedMember, ownCaps, type Person } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { stayOf } from './scene.ts'
import { saying } from './words.ts'

const [host, next, bens] = [peerId('host-1'), peerId('host-2'), peerId('ben-1')]
const able = (name: string): Person => ({ name, avatar: '', caps: ownCaps })
const server = { ...able('Server'), id: memberId('0'), member: stayOf('server') }
const [ben, cyd] = [
  { ...able('Ben'), id: memberId('2'), member: stayOf('ben'), peer: bens },
  { ...able('Cyd'), id: memberId('3'), member: stayOf('cyd') },
]

const me = new Alone('server', host)
const rows = (): string[] => roster(me.state).map(it => `${it.name} ${it.connectionStatus}`)
/** Without the one that our page cannot seal, which stands first. */
const notices = (): string[] =>
  me.state.timeline.flatMap(it =>
    it.kind === 'notice' && 'name' in it && it.notice !== 'unsealed-here' ? [`${it.notice} ${it.name}`] : [],
  )
const kinds = (): string[] => me.effects.flatMap(it => (it.type === 'send' ? [it.message.kind] : []))
const asked = (): StreamId[] =>
  me.effects.flatMap(it =>
    it.type === 'send' && it.message.kind === 'want-stream' ? [it.message.stream] : [],
  )
const callers = (): MemberId[] => [...me.state.call.members.keys()]
const showing = (id: string): Announced => ({
  streams: [{ id: streamId(id), kind: 'camera', hint: 'text', sound: false }],
  media: null,
})

const letIn = (peer = host, listed: readonly ListedMember[] = [ben, cyd, server], member = server): void => {
  me.feed({ type: 'incoming-offer', peer })
  me.feed({ type: 'link-opened', peer })
  me.hear(peer, { kind: 'admitted', id: memberId('1'), host: member.member }, '0')
  me.hear(peer, { kind: 'roster', members: [...listed] }, '-1')
}

beforeEach(() => me.begin())

describe('the server', () => {
  test('is nobody, before it has said who it is and after that', () => {
    me.feed({ type: 'incoming-offer', peer: host })
    expect(rows()).toEqual(['Me self'])
    letIn()
    expect(rows()).toEqual(['Me self', 'Ben via-server', 'Cyd via-server'])
    expect(notices()).toEqual([])
    const events = diffEvents(new Alone('server', host).state, me.state).map(it => it.kind)
    expect(events.filter(it => it === 'peer-joined')).toHaveLength(2)
  })
  test('alone hides nobody: a guest that says that it is a server is shown', () => {
    letIn()
    const odd = { ...able('Eve'), caps: { ...ownCaps, server: true } }
    me.hear(host, { kind: 'introduce', person: odd, member: stayOf('eve') }, '4')
    expect(rows()).toContain('Eve via-server')
  })
  test('hears what is said while nobody else is there, and says that it has', () => {
    letIn(host, [server])
    expect(canSpeak(me.state)).toBe(true)
    const said = saying('for those who come later')
    me.feed(said)
    expect(me.state.timeline.at(-1)).toMatchObject({ delivery: 'pending' })
    me.hear(host, { kind: 'ack', id: said.id }, '0')
    expect(me.state.timeline.at(-1)).toMatchObject({ delivery: 'sent' })
  })
  test('is asked for what was said before, once it has said what it can do', () => {
    me.feed({ type: 'incoming-offer', peer: host })
    me.feed({ type: 'link-opened', peer: host })
    me.hear(host, { kind: 'admitted', id: memberId('1'), host: server.member }, '0')
    expect(kinds()).not.toContain('ask-history')
    me.hear(host, { kind: 'roster', members: [server] }, '-1')
    expect(kinds()).toContain('ask-history')
    const earlier = { id: saying('').id, replyTo: null, name: 'Ben', text: 'hello', at: 0 }
    me.hear(host, { kind: 'history', messages: [earlier] }, '0')
    const said = me.state.timeline.filter(({ kind }) => kind === 'chat')
    expect(said).toMatchObject([{ name: 'Ben', text: 'hello' }])
  })
  test('passes on with whom guests connect for their files', () => {
    letIn()
    const routes = routesOf(me.state, () => false)
    expect(routes.get(stayOf('ben'))).toMatchObject({ transport: 'channel', direct: false })
    letIn(host, [ben, { ...server, caps: { ...ownCaps, files: false } }])
    expect(routesOf(me.state, () => false).get(stayOf('ben'))).toMatchObject({ transport: 'legacy' })
  })
  test('says what it calls people, so that the owner can remove them, and a person who is host does not', () => {
    letIn()
    const peers = (from: Alone) => roster(from.state).map(it => it.peer)
    expect(peers(me)).toEqual([null, bens, null])
    me.hear(host, { kind: 'introduce', person: able('Cyd'), member: stayOf('cyd'), peer: peerId('c') }, '3')
    expect(peers(me)).toEqual([null, bens, 'c'])
    const star = new Alone('star', host)
    star.feed({ type: 'incoming-offer', peer: host })
    star.feed({ type: 'link-opened', peer: host })
    star.hear(host, { kind: 'admitted', id: memberId('1'), host: server.member }, '0')
    star.hear(host, { kind: 'roster', members: [ben, server] }, '-1')
    expect(peers(star)).toEqual([null, null, host])
  })
  test('that gives the room up ends it without a word of a host', () => {
    letIn()
    me.feed({ type: 'link-closed', peer: host })
    me.feed({ type: 'peer-left', peer: host })
    expect([me.state.ended, notices()]).toEqual([true, []])
  })
  test('is in the room without being a member of it, whatever the connection to it looks like', () => {
    const known = { host, members: [me.state.self, bens], complete: true }
    letIn()
    me.feed({ type: 'link-steady', peer: host, steady: false })
    me.feed({ type: 'server-lost' })
    me.feed({ type: 'server-found', self: me.state.self, known })
    expect([me.state.ended, notices()]).toEqual([false, ['line-lost ', 'line-back ']])
    // The server is all that there was, so that nobody is told of other connections.
    const alone = me.state.timeline.flatMap(it => ('alone' in it ? [it.alone] : []))
    expect(alone).toEqual([true])
    // Out of touch for minutes, with both.
    me.feed({ type: 'server-lost' })
    me.feed({ type: 'link-closed', peer: host })
    const timer = me.effects.find(it => it.type === 'timer' && it.timer.kind === 'give-up')
    if (timer?.type !== 'timer') throw new Error('nobody is waited for')
    me.feed({ type: 'timer', timer: timer.timer })
    expect(me.state.ended).toBe(false)
    me.feed({ type: 'server-found', self: me.state.self, known })
    letIn()
    expect(rows()).toEqual(['Me self', 'Ben via-server', 'Cyd via-server'])
  })
})

describe('a server that was started anew', () => {
  const restarted = (): void => {
    me.feed({ type: 'link-closed', peer: host })
    me.feed({ type: 'host-changed', host: next, members: [me.state.self, bens] })
  }
  const fresh = { ...server, member: stayOf('fresh') }

  test('knows nobody yet, and nobody has left or joined', () => {
    letIn()
    restarted()
    expect(rows()).toEqual(['Me self', 'Ben connecting', 'Cyd connecting'])
    letIn(next, [fresh], fresh)
    expect(rows()).toEqual(['Me self', 'Ben connecting', 'Cyd connecting'])
    me.hear(next, { kind: 'introduce', person: able('Cyd'), member: stayOf('cyd') }, '2')
    expect(rows()).toEqual(['Me self', 'Ben connecting', 'Cyd via-server'])
    me.hear(next, { kind: 'roster', members: [ben, fresh] }, '-1')
    expect(rows()).toEqual(['Me self', 'Ben via-server'])
    expect(notices()).toEqual([])
  })
  test('is awaited where it is not there yet', () => {
    letIn()
    me.feed({ type: 'host-changed', host: null, members: [me.state.self] })
    const all = ['Me self', 'Ben connecting', 'Cyd connecting']
    expect([me.state.ended, rows()]).toEqual([false, all])
    const timer = { kind: 'regroup', term: me.state.hostTerm } as const
    me.feed({ type: 'timer', timer })
    expect([rows(), me.effects]).toEqual([all, [{ type: 'timer', timer, ms: 30_000 }]])
    me.feed({ type: 'host-changed', host: next, members: [me.state.self] })
    letIn(next, [ben, fresh], fresh)
    expect(rows()).toContain('Ben via-server')
    expect(notices()).toEqual([])
  })
  test('may be back without those who were there', () => {
    letIn()
    restarted()
    letIn(next, [ben, fresh], fresh)
    me.feed({ type: 'timer', timer: { kind: 'regroup', term: me.state.hostTerm } })
    expect(rows()).toEqual(['Me self', 'Ben via-server'])
    expect(notices()).toEqual(['left Cyd'])
  })
  test('is told what it was not told before', () => {
    letIn()
    me.feed(saying('just before'))
    restarted()
    me.feed(saying('meanwhile'))
    letIn(next, [fresh], fresh)
    const texts = me.state.timeline.flatMap(it => (it.kind === 'chat' ? [it.text] : []))
    expect(texts).toEqual(['just before', 'meanwhile'])
    expect([...me.state.links.values()][0]?.unacked.map(it => it.message.text)).toEqual(texts)
  })

  describe('in a call', () => {
    beforeEach(() => {
      letIn()
      me.hear(host, { kind: 'calls', calls: new Map([[ben.id, showing('b')]]) }, '-1')
      me.feed({ type: 'call-announce', own: showing('m') })
      expect(asked()).toEqual(['b'])
      restarted()
    })

    test('hears of us by itself, and is asked for nothing that it does not know of', () => {
      expect(me.state.call.own).not.toBeNull()
      me.feed({ type: 'incoming-offer', peer: next })
      me.feed({ type: 'link-opened', peer: next })
      me.hear(next, { kind: 'admitted', id: memberId('1'), host: fresh.member }, '0')
      expect(kinds()).toEqual(expect.arrayContaining(['introduce', 'join-call', 'streams']))
      expect(asked()).toEqual([])
      me.hear(next, { kind: 'roster', members: [fresh] }, '-1')
      me.hear(next, { kind: 'calls', calls: new Map() }, '-1')
      expect([callers(), asked()]).toEqual([[stayOf('ben')], []])
      me.hear(next, { kind: 'introduce', person: able('Ben'), member: stayOf('ben') }, '2')
      me.hear(next, { kind: 'join-call', reply: true }, '2')
      expect(asked()).toEqual([])
      me.hear(next, { kind: 'streams', announced: showing('b') }, '2')
      expect([callers(), asked()]).toEqual([[stayOf('ben')], ['b']])
    })
    test('lists who is in it already', () => {
      letIn(next, [ben, fresh], fresh)
      me.hear(next, { kind: 'calls', calls: new Map([[ben.id, showing('b')]]) }, '-1')
      expect([callers(), asked()]).toEqual([[stayOf('ben')], ['b']])
    })
    test('is left by those who say so, or do not come to it', () => {
      letIn(next, [ben, fresh], fresh)
      me.hear(next, { kind: 'calls', calls: new Map() }, '-1')
      expect(callers()).toEqual([stayOf('ben')])
      const still = me.state
      me.hear(next, { kind: 'leave-call' }, '2')
      expect(callers()).toEqual([])
      me.state = still
      me.feed({ type: 'timer', timer: { kind: 'regroup', term: me.state.hostTerm } })
      expect([callers(), rows()]).toEqual([[], ['Me self', 'Ben via-server']])
    })
  })
})
