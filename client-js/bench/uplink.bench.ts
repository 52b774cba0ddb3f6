/** How soon two in a call hear each other again when the device of one goes from one network to another. */
import { expect, test } from 'vitest'
import { enterCall, hearsSounds } from '../e2e/senses.ts'
import { town } from '../e2e/town.ts'
import { rounds, table } from './report.ts'

const { networks, meet } = town()

/** Run in a page: when sound comes again after it has stopped for 300 ms. */
const soundReturns = async (): Promise<number> => {
  const { made } = globalThis as unknown as { made: readonly RTCPeerConnection[] }
  const packets = async (): Promise<number> => {
    const reports = await Promise.all(made.map(it => it.getStats()))
    const all = reports.flatMap(it => [...it.values()])
    return all.reduce(
      (sum, it) => (it.type === 'inbound-rtp' && it.kind === 'audio' ? sum + it.packetsReceived : sum),
      0,
    )
  }
  let [last, at, stopped] = [await packets(), performance.now(), false]
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, 10))
    const now = await packets()
    if (now !== last && stopped) return Date.now()
    if (now !== last) [last, at] = [now, performance.now()]
    stopped ||= performance.now() - at > 300
  }
}

test('a device goes to another network, and back, and to it again', async () => {
  networks().translate('easy')
  networks().filter()
  const [ann, bob] = await meet({ place: 'a' }, { place: 'b' })
  await enterCall(ann, 'Start call')
  await enterCall(bob, 'Join call')
  await Promise.all([hearsSounds(ann, 1), hearsSounds(bob, 1)])
  const values: number[] = []
  for (let round = 0; round < rounds; round++) {
    const hearing = [ann, bob].map(({ page }) => page.evaluate(soundReturns))
    const begun = Date.now()
    networks().move(round % 2 === 0 ? 'mobile' : 'home')
    values.push(Math.max(...(await Promise.all(hearing))) - begun)
    await Promise.all([hearsSounds(ann, 1), hearsSounds(bob, 1)])
  }
  process.stdout.write(`${table([{ what: 'until both hear each other again', unit: 'ms', values }])}\n`)
  expect(values).toHaveLength(rounds)
})
