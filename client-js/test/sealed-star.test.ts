/** A star through a person's device, with real keys: its host passes on what guests have sealed, and can change none of it. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { identityFor, type SealingIdentity } from '../src/core/sealed-session.ts'
import { type MemberId, messageId, type PeerId } from '../src/wire/ids.ts'
import { noCaps, ownCaps, type PeerMessage } from '../src/wire/peer.ts'
import { Scene, stayOf } from './scene.ts'
import { soon } from './soon.ts'
import { saying } from './words.ts'

let scene: Scene
const failures: unknown[] = []
vi.stubGlobal('reportError', (error: unknown) => failures.push(error))
afterEach(() => expect(failures.splice(0)).toEqual([]))

const identities = new Map<string, SealingIdentity>()

/** As the same stay as `earlier`, whose page it was before. */
const enter = async (name: string, earlier = name): Promise<void> => {
  const identity = await identityFor(identities.get(earlier)?.identity ?? null)
  identities.set(name, identity)
  scene.enter(name, 'pw', ownCaps, stayOf(earlier), identity)
}
/** What is sealed takes a moment. */
const until = (it: () => void): Promise<void> =>
  soon(() => {
    scene.settle()
    it()
  })
const agreed = (name: string): string[] => [...scene.room(name).state.sealing.agreed].sort()
const chats = (name: string): string[] => scene.screen(name).filter(it => !it.startsWith('*'))
const linkTo = (name: string, member: MemberId): PeerId => {
  const found = [...scene.room(name).state.links].find(([, it]) => it.member === member)
  if (!found) throw new Error('no link')
  return found[0]
}
/** What the host's page makes up, in a guest's name. */
const forge = (to: string, as: string, message: PeerMessage, sealed?: true): void => {
  const via = linkTo(to, stayOf('host'))
  const received = { source: scene.numberOf(as), message, ...(sealed && { sealed }) }
  scene.feed(to, { type: 'received', via, received })
}
const framesTo = (name: string): string => JSON.stringify(scene.frames.get(name))

beforeEach(async () => {
  scene = new Scene('star')
  identities.clear()
  for (const name of ['host', 'ann', 'ben']) await enter(name)
  await until(() => {
    expect(agreed('host')).toEqual([stayOf('ann'), stayOf('ben')])
    expect(agreed('ann')).toEqual([stayOf('ben'), stayOf('host')])
    expect(agreed('ben')).toEqual([stayOf('ann'), stayOf('host')])
  })
})

describe('what is said', () => {
  test('reaches everybody, arrives as it was sealed, and is acknowledged', async () => {
    scene.say('ann', 'between us')
    scene.say('host', 'from the host')
    await until(() => {
      for (const name of ['host', 'ann', 'ben'])
        expect(chats(name).toSorted()).toEqual(['ann: between us', 'host: from the host'])
      const [said] = scene.room('ann').state.timeline.filter(it => it.kind === 'chat' && it.own)
      expect(said).toMatchObject({ delivery: 'sent', sealed: true })
    })
    expect(framesTo('ben')).not.toContain('between us')
    expect(framesTo('ann')).not.toContain('from the host')
    expect(await scene.code('ann', 'ben')).toEqual(await scene.code('ben', 'ann'))
  })

  test('cannot be made up by the host', async () => {
    const { id } = saying('')
    forge('ben', 'ann', { kind: 'chat', text: 'forged', id, replyTo: null })
    forge('ben', 'ann', { kind: 'typing', on: true })
    scene.say('ann', 'meant')
    await until(() => expect(chats('ben')).toEqual(['ann: meant']))
    expect(scene.room('ben').state.typing.size).toBe(0)
  })

  test('with reactions, topics and typing goes the same way', async () => {
    const { id } = saying('')
    scene.feed('host', { type: 'say', text: 'well?', id, replyTo: null })
    await until(() => expect(chats('ann')).toEqual(['host: well?']))
    scene.feed('ann', { type: 'react', to: id, emoji: '👍', on: true })
    scene.feed('ann', { type: 'send-topic', topic: 'drawing', data: { stroke: 7 } })
    scene.feed('ann', { type: 'typing', on: true })
    await until(() => {
      expect(scene.room('ben').state.timeline).toMatchObject([{ reactions: [{ emoji: '👍' }] }])
      expect(scene.topics.map(({ to, data }) => [to, data])).toEqual([
        ['host', { stroke: 7 }],
        ['ben', { stroke: 7 }],
      ])
      expect([...scene.room('ben').state.typing.keys()]).toEqual([stayOf('ann')])
    })
    expect(framesTo('ben')).not.toContain('stroke')
  })

  test('while a link was broken comes when it is back', async () => {
    scene.breakLink('host', 'ben')
    scene.say('ann', 'meanwhile')
    await until(() => expect(chats('host')).toEqual(['ann: meanwhile']))
    expect(chats('ben')).toEqual([])
    scene.pass(1_000)
    await until(() => expect(chats('ben')).toEqual(['ann: meanwhile']))
  })

  test('while a page was loaded anew is read by it', async () => {
    scene.breakLink('host', 'ben')
    scene.say('ann', 'meanwhile')
    await until(() => expect(chats('host')).toEqual(['ann: meanwhile']))
    await enter('ben again', 'ben')
    await until(() => expect(chats('ben again')).toEqual(['ann: meanwhile']))
  })

  test('is said again to a page that was loaded anew, and to nobody who shows another key', async () => {
    scene.say('ann', 'just now')
    await until(() => expect(chats('ben')).toEqual(['ann: just now']))
    const [host, ben] = [stayOf('host'), stayOf('ben')]
    const repeated = (): number => framesTo('host').split('sealed-for').length
    const meetAgain = (): void => {
      scene.feed('ann', { type: 'sealing-status', agreed: new Set([host]), failing: new Set() })
      scene.feed('ann', { type: 'sealing-status', agreed: new Set([host, ben]), failing: new Set() })
    }
    const before = repeated()
    scene.feed('ann', { type: 'key-changed', member: ben })
    meetAgain()
    scene.say('ann', 'between')
    await until(() => expect(chats('ben')).toEqual(['ann: just now', 'ann: between']))
    expect(repeated()).toBe(before)
    meetAgain()
    await until(() => expect(repeated()).toBe(before + 2))
  })

  test('before somebody came is told by whoever shares it, sealed for them', async () => {
    scene.feed('host', { type: 'share-history', on: true })
    scene.say('ann', 'long ago')
    await until(() => expect(chats('host')).toEqual(['ann: long ago']))
    await enter('cyd')
    await until(() => expect(chats('cyd')).toEqual(['ann: long ago']))
    expect(framesTo('cyd')).not.toContain('long ago')
  })
})

describe('what is for one guest', () => {
  const signal = { kind: 'error', from: 1, to: 2, error: 'for Ben alone' } as const

  test('is read by that guest alone', async () => {
    scene.feed('ann', { type: 'send-file-signal', to: stayOf('ben'), signal })
    await until(() => expect(scene.files.map(({ to }) => to)).toEqual(['ben']))
    expect(framesTo('host')).not.toContain('for Ben alone')
    expect(framesTo('ben')).not.toContain('for Ben alone')
  })

  test('is not believed from the host', async () => {
    forge('ben', 'ann', { kind: 'file-signal', to: null, signal })
    scene.feed('host', { type: 'send-file-signal', to: stayOf('ben'), signal })
    await until(() => expect(scene.files).toMatchObject([{ to: 'ben', from: stayOf('host') }]))
  })

  test('goes no further than the host where it is for the host', async () => {
    const { id } = saying('')
    const message: PeerMessage = { kind: 'chat', text: 'for the host', id, replyTo: null, asReceived: null }
    const via = linkTo('host', stayOf('ann'))
    scene.feed('host', { type: 'received', via, received: { source: null, message, sealed: true } })
    expect(chats('host')).toEqual(['ann: for the host'])
    expect([...scene.room('host').state.links.values()].flatMap(it => it.unacked)).toEqual([])
    scene.say('host', 'next')
    await until(() => expect(chats('ben')).toEqual(['host: next']))
  })

  test('offers a file that the next one to come hears of from its owner', async () => {
    const file = { id: 'f', name: 'plan.txt', size: 3, media: '' } as never
    scene.feed('ann', { type: 'offer-files', files: [file], id: messageId('m1') ?? saying('').id })
    await until(() => expect(chats('ben')).toEqual(['ann offers f']))
    await enter('cyd')
    await until(() => expect(chats('cyd')).toEqual(['ann offers f']))
    expect(framesTo('cyd')).not.toContain('plan.txt')
    scene.feed('ann', { type: 'withdraw-file', file: 'f' as never })
    const about = expect.objectContaining({ kind: 'withdrawn' })
    // Each gets a box of their own, and which is ready first nobody knows.
    for (const to of ['ben', 'cyd'])
      await until(() => expect(scene.files).toContainEqual(expect.objectContaining({ to, about })))
  })
})

describe('a page that cannot seal', () => {
  test('opens the room, which is said, and closes it when it goes', async () => {
    scene.enter('Orla', 'pw', noCaps)
    await until(() => {
      for (const name of ['host', 'ann'])
        expect([scene.screen(name).at(-1), scene.room(name).state.sealing.mode]).toEqual([
          '*unsealed-star Orla',
          'open',
        ])
    })
    scene.say('ann', 'for Orla too')
    await until(() => expect(chats('Orla')).toEqual(['ann: for Orla too']))
    scene.feed('ann', {
      type: 'send-file-signal',
      to: stayOf('ben'),
      signal: { kind: 'error', from: 1, to: 2, error: 'still for Ben alone' },
    })
    await until(() => expect(scene.files.map(({ to }) => to)).toEqual(['ben']))
    expect(framesTo('host')).not.toContain('still for Ben alone')
    scene.leave('Orla')
    await until(() => {
      for (const name of ['host', 'ann', 'ben']) expect(scene.room(name).state.sealing.mode).toBe('closing')
    })
    // Ann has not heard yet that she has gone.
    const words = { type: 2, data: { msg: 'just now', files: [], id: saying('').id } }
    const received = scene.room('host').parse({ target: '1', idata: words })
    if (!received) throw new Error('not understood')
    scene.feed('host', { type: 'received', via: linkTo('host', stayOf('ann')), received })
    await until(() => expect(chats('ben')).toContain('ann: just now'))
    scene.pass(3_000)
    await until(() => {
      for (const name of ['host', 'ann', 'ben']) expect(scene.screen(name).at(-1)).toBe('*sealed')
    })
    scene.say('ben', 'among ourselves')
    await until(() => expect(chats('ann')).toContain('ben: among ourselves'))
    expect(framesTo('ann')).not.toContain('among ourselves')
  })

  test('passes no seals on as the host, so that guests do without', async () => {
    scene = new Scene('star')
    scene.enter('host')
    for (const name of ['ann', 'ben']) await enter(name)
    await until(() => expect(scene.screen('ann')).toContain('*unsealed-star host'))
    const signal = { kind: 'error', from: 1, to: 2, error: '' } as const
    scene.feed('ann', { type: 'send-file-signal', to: stayOf('ben'), signal })
    await until(() => expect(scene.files).toMatchObject([{ to: 'ben', from: stayOf('ann') }]))
  })

  test('is told of by nobody who cannot either', () => {
    const open = new Scene('star')
    for (const name of ['host', 'ann']) open.enter(name)
    open.say('ann', 'hello')
    expect(open.screen('host')).toEqual(['*joined ann', 'ann: hello'])
    expect(open.room('host').state.sealing.mode).toBe('none')
  })
})

test('another host goes on with the same keys', async () => {
  const code = await scene.code('ann', 'ben')
  const [ann, ben] = ['ann', 'ben'].map(name => scene.room(name).state.self) as [PeerId, PeerId]
  for (const name of ['ann', 'ben']) scene.breakLink('host', name)
  scene.host = ann
  for (const name of ['ann', 'ben'])
    scene.feed(name, { type: 'host-changed', host: ann, members: [ann, ben] })
  scene.pass(1_000)
  scene.say('ben', 'still here')
  await until(() => expect(chats('ann')).toEqual(['ben: still here']))
  scene.say('ann', 'so am I')
  await until(() => expect(chats('ben')).toEqual(['ben: still here', 'ann: so am I']))
  expect(framesTo('ann')).not.toContain('still here')
  expect(await scene.code('ann', 'ben')).toEqual(code)
  expect([scene.screen('ann'), scene.screen('ben')].flat().join()).not.toContain('key')
})
