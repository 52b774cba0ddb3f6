/** What the sealing worker lets through in which mode, and that a key is never used twice alike. */
import { beforeEach, describe, expect, test } from 'vitest'
import { senderKeys } from '../src/sealing/derivation.ts'
import { Keyring, type MediaMode } from '../src/sealing/keyring.ts'
import { partsOf } from '../src/sealing/media-frame.ts'
import { memberId } from '../src/wire/ids.ts'

const [ada, ben] = [memberId('ada'), memberId('ben')]
const keysOf = (seed: number) => senderKeys(new Uint8Array(32).fill(seed))
const [adas, next, bens] = await Promise.all([keysOf(1), keysOf(2), keysOf(3)])
const frame = Uint8Array.from([0x11, 2, 0, 1, 2, 3, 4, 5])

let [sender, receiver] = [new Keyring(), new Keyring()]
const sealed = async (data = frame) => {
  const out = await sender.outgoing('video', data)
  if (!out) throw new Error('nothing goes out')
  return out
}
const opened = (data: Uint8Array<ArrayBuffer>, from: typeof ada | null = ada) =>
  receiver.incoming('video', from, data)

beforeEach(() => {
  sender = new Keyring()
  receiver = new Keyring()
  sender.mode = 'sealed'
  receiver.mode = 'sealed'
  sender.seal(1, adas)
  receiver.add(ada, 1, adas)
})

describe('frames', () => {
  test('come through sealed, and once', async () => {
    const data = await sealed()
    expect(data).not.toEqual(frame)
    expect(await opened(data)).toEqual(frame)
    expect(await opened(data)).toBeNull()
  })

  test.each<[MediaMode, 'plain' | 'sealed' | null, boolean, boolean]>([
    ['sealed', 'sealed', false, true],
    ['opening', 'sealed', true, true],
    ['open', 'plain', true, true],
    ['closed', null, false, false],
  ])('in the mode %s go out %s', async (mode, goes, takesPlain, takesSealed) => {
    const data = await sealed()
    sender.mode = mode
    receiver.mode = mode
    const out = await sender.outgoing('video', frame)
    expect(out && (partsOf('video', out) ? 'sealed' : 'plain')).toBe(goes)
    expect(await opened(frame)).toEqual(takesPlain ? frame : null)
    expect(await opened(data)).toEqual(takesSealed ? frame : null)
  })

  test('go nowhere before anything is known', async () => {
    const fresh = new Keyring()
    expect(await fresh.outgoing('audio', frame)).toBeNull()
    fresh.mode = 'sealed'
    expect(await fresh.outgoing('audio', frame)).toBeNull()
    expect(await fresh.incoming('video', ada, await sealed())).toBeNull()
  })

  test('that do not open are dropped, also where unsealed ones are shown', async () => {
    receiver.add(ben, 1, bens)
    for (const mode of ['sealed', 'opening', 'open'] as const) {
      receiver.mode = mode
      expect(await opened(await sealed(), ben)).toBeNull()
      expect(await opened(await sealed(), null)).toBeNull()
      const changed = await sealed()
      changed[5] = (changed[5] ?? 0) ^ 1
      expect(await opened(changed)).toBeNull()
    }
  })

  test('of an earlier key come through for a while', async () => {
    const before = await sealed()
    const late = await sealed()
    sender.seal(2, next)
    const after = await sealed()
    expect(await opened(after)).toBeNull()
    receiver.add(ada, 2, next)
    expect(await opened(after)).toEqual(frame)
    expect(await opened(before)).toEqual(frame)
    receiver.dropBefore(ada, 2)
    expect(await opened(late)).toBeNull()
    receiver.dropBefore(ada, 1)
    expect(await opened(await sealed())).toEqual(frame)
  })

  test('are held against a few keys only', async () => {
    const first = await sealed()
    for (let epoch = 2; epoch < 6; epoch++) receiver.add(ada, epoch, next)
    expect(await opened(first)).toBeNull()
  })
})

test('no vector is used twice with a key, however many pictures in whatever sizes are sealed at once', async () => {
  const all = await Promise.all(
    Array.from({ length: 300 }, (_, at) => sender.outgoing(at % 3 === 0 ? 'audio' : 'video', frame)),
  )
  sender.seal(2, next)
  all.push(...(await Promise.all(Array.from({ length: 50 }, () => sender.outgoing('video', frame)))))
  const vectors = all.map((data, at) => {
    const kind = at < 300 && at % 3 === 0 ? 'audio' : 'video'
    const { epoch, counter } = (data && partsOf(kind, data)?.trailer) ?? { epoch: -1, counter: at }
    return `${kind} ${epoch} ${counter}`
  })
  expect(new Set(vectors).size).toBe(350)
  expect(vectors.filter(it => it.includes('-1'))).toEqual([])
})
