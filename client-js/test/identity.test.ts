/** Who is who: the id of a stay outlives connections, peer ids, numbers and pages, and nobody goes by another's. */
import { beforeEach, describe, expect, test } from 'vitest'
import { hostOf, numberOf } from '../src/room/numbers.ts'
import { roster } from '../src/room/roster.ts'
import { hostNumber, type MemberId, memberId, peerId } from '../src/wire/ids.ts'
import { noCaps, ownCaps, type Person } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { Scene, stayOf } from './scene.ts'
import { chat, saying } from './words.ts'

const able = (name: string): Person => ({ name, avatar: '', caps: ownCaps })
const [ben, again] = [peerId('ben'), peerId('ben-2')]

describe('in a mesh', () => {
  const me = new Alone('mesh')
  const names = (): (string | null)[] => roster(me.state).map(({ name }) => name)
  const meet = (peer = ben, name = 'Ben', member: MemberId = stayOf('ben')): void => {
    me.feed({ type: 'peer-joined', peer })
    me.feed({ type: 'link-opened', peer })
    me.hear(peer, { kind: 'hello', person: able(name), password: '', member })
  }
  beforeEach(() => me.begin())

  test('somebody of ours goes by the id of their stay, and an original page by its peer id', () => {
    meet()
    const cyd = peerId('cyd')
    me.feed({ type: 'peer-joined', peer: cyd })
    me.feed({ type: 'link-opened', peer: cyd })
    me.hear(cyd, { kind: 'hello', person: { ...able('Cyd'), caps: noCaps }, password: '' })
    expect([...me.state.members.keys()]).toEqual([stayOf('ben'), 'cyd'])
  })

  test('whoever comes back under another peer id has neither left nor come, and gets what waited for them', () => {
    meet()
    me.feed({ type: 'link-closed', peer: ben })
    me.feed(saying('while you were away'))
    me.feed({ type: 'peer-joined', peer: again })
    me.feed({ type: 'link-opened', peer: again })
    me.hear(again, { kind: 'hello', person: able('Ben'), password: '', member: stayOf('ben') })
    expect(names()).toEqual(['Me', 'Ben'])
    expect([...me.state.links.keys()]).toEqual([again])
    expect(me.effects).toContainEqual({ type: 'hang-up', peer: ben })
    const sent = me.effects.flatMap(it =>
      it.type === 'send' && it.message.kind === 'chat' ? [it.message.text] : [],
    )
    expect(sent).toEqual(['while you were away'])
    me.feed({ type: 'peer-left', peer: ben })
    expect(names()).toEqual(['Me', 'Ben'])
    const notices = me.state.timeline.filter(({ kind }) => kind === 'notice')
    expect(notices).toHaveLength(1)
  })

  test('nobody goes by the id of somebody who can be heard, nor by ours', () => {
    meet()
    meet(peerId('eve'), 'Ben', stayOf('ben'))
    meet(peerId('mallory'), 'Me', me.state.stay)
    me.hear(peerId('eve'), chat('I am Ben'))
    expect([...me.state.members.keys()]).toEqual([stayOf('ben'), 'eve', 'mallory'])
    expect(names()).toEqual(['Me', 'Ben', 'Ben 2', 'Me 2'])
    expect(me.state.timeline.at(-1)).toMatchObject({ from: 'eve', name: 'Ben 2' })
  })

  test('another page under the same peer id is another person', () => {
    meet()
    me.feed({ type: 'link-closed', peer: ben })
    me.feed({ type: 'incoming-offer', peer: ben })
    me.feed({ type: 'link-opened', peer: ben })
    me.hear(ben, { kind: 'hello', person: able('Bea'), password: '', member: stayOf('bea') })
    expect([...me.state.members.keys()]).toEqual([stayOf('bea')])
    expect(names()).toEqual(['Me', 'Bea'])
  })

  test('a peer that is called otherwise at the server now is one link, whatever comes for either id', () => {
    meet()
    me.hear(ben, { kind: 'moved', to: again })
    expect(me.state.links.get(ben)?.address).toBe(again)
    me.feed({ type: 'peer-left', peer: ben })
    me.feed({ type: 'peer-joined', peer: again })
    expect(me.effects).toEqual([])
    expect([...me.state.links.keys()]).toEqual([ben])
    me.feed({ type: 'peer-left', peer: again })
    me.feed({ type: 'link-closed', peer: ben })
    expect(names()).toEqual(['Me'])
  })
})

describe('in a star', () => {
  test('members know each other by their stays, and frames call them by numbers', () => {
    const scene = new Scene('star')
    for (const name of ['host', 'ben', 'cyd']) scene.enter(name)
    const { state } = scene.room('cyd')
    expect([...state.members.keys()].sort()).toEqual([stayOf('ben'), stayOf('host')].sort())
    expect(hostOf(state)).toBe(stayOf('host'))
    expect([numberOf(state, stayOf('host')), numberOf(state, stayOf('ben')), scene.numberOf('cyd')]).toEqual([
      hostNumber,
      '1',
      '2',
    ])
    scene.say('ben', 'hi')
    expect(state.selfMember).toBe(stayOf('cyd'))
    expect(scene.room('cyd').state.timeline.at(-1)).toMatchObject({ from: stayOf('ben'), text: 'hi' })
    expect(scene.frames.get('cyd')?.at(-1)).toMatchObject({ source: '1' })
  })

  test('an original guest is told of numbers alone, and is known by its own', () => {
    const scene = new Scene('star')
    scene.enter('host')
    scene.enter('old', scene.password, noCaps)
    scene.enter('cyd')
    expect([...scene.room('cyd').state.members.keys()].sort()).toEqual([memberId('1'), stayOf('host')].sort())
    const ids = JSON.stringify(scene.frames.get('old')).matchAll(/"(?:source|id)":"([^"]*)"/g)
    expect([...new Set([...ids].map(([, id]) => id))].sort()).toEqual(['-1', '0', '1', '2'])
  })

  test('a guest whose page was loaded anew has its number again, and nobody is told', () => {
    const scene = new Scene('star')
    for (const name of ['host', 'ben', 'cyd']) scene.enter(name)
    scene.breakLink('host', 'ben')
    scene.enter('ben again', scene.password, ownCaps, stayOf('ben'))
    expect(scene.numberOf('ben again')).toBe('1')
    expect(scene.screen('cyd')).toEqual([])
    expect(scene.screen('host')).toEqual(['*joined ben', '*joined cyd'])
  })
})
