/** A guest on a thin line in a call through the server: clear sound and a small picture for them, and no less for others. */
import { describe, expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { canNarrow } from './networks.ts'
import { callTogether, hearsSounds } from './senses.ts'
import { town } from './town.ts'

const lineBps = 300_000
const windowMs = 6_000
/** A machine whose cores are all busy plays late what has come in time, which counts as concealed too. */
const concealedMax = 0.1
const lostMax = 0.01

/** What came within some seconds. */
type Came = {
  /** Of the sound that is not silence: how much had to be made up, and how many packets were lost, in the worst of the streams. */
  readonly concealed: number
  readonly lost: number
  readonly sounds: number
  /** Of the pictures: how many lines each has that goes on. */
  readonly heights: readonly number[]
}

/** Run in a page. */
const listenAndWatch = async (ms: number): Promise<Came> => {
  type Stream = {
    id: string
    type: string
    kind: string
    concealedSamples: number
    silentConcealedSamples: number
    totalSamplesReceived: number
    packetsReceived: number
    packetsLost: number
    framesDecoded: number
    frameHeight?: number
  }
  const { made } = globalThis as unknown as { made: readonly RTCPeerConnection[] }
  const look = async (): Promise<Map<string, Stream>> => {
    const open = made.filter(it => it.connectionState === 'connected')
    const reports = await Promise.all(open.map(it => it.getStats()))
    const all = reports.flatMap(it => [...it.values()] as Stream[])
    return new Map(all.filter(it => it.type === 'inbound-rtp').map(it => [it.id, it]))
  }
  const before = await look()
  await new Promise(resolve => setTimeout(resolve, ms))
  const pairs = [...(await look())].flatMap(([id, now]) => {
    const then = before.get(id)
    return then ? [{ then, now }] : []
  })
  const sounds = pairs.filter(
    it => it.now.kind === 'audio' && it.now.packetsReceived > it.then.packetsReceived,
  )
  const worst = (shares: readonly number[]): number => Math.max(0, ...shares)
  return {
    concealed: worst(
      sounds.map(({ then, now }) => {
        const audible = (it: Stream): number => it.concealedSamples - it.silentConcealedSamples
        return (
          (audible(now) - audible(then)) / Math.max(1, now.totalSamplesReceived - then.totalSamplesReceived)
        )
      }),
    ),
    lost: worst(
      sounds.map(
        ({ then, now }) =>
          (now.packetsLost - then.packetsLost) / Math.max(1, now.packetsReceived - then.packetsReceived),
      ),
    ),
    sounds: sounds.length,
    heights: pairs.flatMap(({ then, now }) =>
      now.kind === 'video' && now.framesDecoded > then.framesDecoded + 5 ? [now.frameHeight ?? 0] : [],
    ),
  }
}

const cameTo = ({ page }: Person): Promise<Came> => page.evaluate(listenAndWatch, windowMs)

/** Waits for a while of this kind: a browser and the server take some seconds to find out what a line takes. */
const comesTo = async (person: Person, what: string, is: (came: Came) => boolean): Promise<Came> => {
  const found: { came?: Came } = {}
  const look = async (): Promise<string> => {
    found.came = await cameTo(person)
    return is(found.came) ? what : `${what}: ${JSON.stringify(found.came)}`
  }
  await expect.poll(look, { timeout: 150_000 }).toBe(what)
  if (!found.came) throw new Error('nothing was looked at')
  return found.came
}

const isClear = ({ sounds, concealed, lost, heights }: Came): boolean =>
  sounds === 2 && concealed <= concealedMax && lost <= lostMax && heights.length > 0

describe.skipIf(!canNarrow())('a call of three through the server, one of them with 300 kbit/s', () => {
  const { networks, arrive } = town(4, '[host]\nenabled = true\naddresses = ["198.18.0.1"]\n')

  test('hears clearly and sees a small picture, while the others see each other large', async () => {
    networks().translate('easy')
    networks().filter()
    const ann = await arrive({ place: 'a2' })
    const link = await ann.createRoom('Ann', { kind: 'server' })
    const bob = await arrive({ place: 'b' }, link)
    await bob.stepIn('Bob')
    const thin = await arrive({ place: 'a' }, link)
    await thin.stepIn('Thea')
    networks().narrow(lineBps)
    await callTogether(ann, bob, thin)
    await Promise.all([ann, bob, thin].map(it => hearsSounds(it, 2)))
    const [small, ...large] = await Promise.all([
      comesTo(thin, 'clear sound and a picture', isClear),
      ...[ann, bob].map(it =>
        comesTo(it, 'two sounds and a large picture', ({ sounds, heights }) => {
          return sounds === 2 && Math.max(0, ...heights) >= 360
        }),
      ),
    ])
    const highest = (came: Came | undefined): number => Math.max(0, ...(came?.heights ?? []))
    for (const came of large) expect(highest(came)).toBeGreaterThan(highest(small))
    // The server goes on to look for more, which the line does not take.
    await comesTo(thin, 'the same after a while', isClear)
  }, 400_000)
})
