/** How soon three people see each other again when the fourth, whose page was the host of their star, closes it. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { gather, house } from '../e2e/house.ts'
import { enterCall, watches } from '../e2e/senses.ts'
import { rounds, table } from './report.ts'

const home = house()
const names = ['Hal', 'Ben', 'Cyd', 'Dan'] as const

/**
 * Run in a page: when new pictures have come in each of these tiles. Those of the old host's connection have stopped
 * within 300 ms.
 */
const seesAgain = async (tiles: readonly string[]): Promise<number> => {
  await new Promise(resolve => setTimeout(resolve, 300))
  const picture = (name: string): Promise<number> =>
    new Promise(resolve => {
      const looked = new Set<HTMLVideoElement>()
      const timer = setInterval(() => {
        for (const video of document.querySelectorAll<HTMLVideoElement>('li video')) {
          if (looked.has(video) || !video.closest('li')?.textContent?.includes(name)) continue
          looked.add(video)
          video.requestVideoFrameCallback(() => {
            clearInterval(timer)
            resolve(Date.now())
          })
        }
      }, 10)
    })
  return Math.max(...(await Promise.all(tiles.map(picture))))
}

const once = async (): Promise<number> => {
  const { people } = await gather(home, { kind: 'star' }, ...names)
  const [host, ...guests] = people
  const [first, ...others] = people
  if (!host || !first) throw new Error('nobody came')
  await enterCall(first, 'Start call')
  for (const person of others) await enterCall(person, 'Join call')
  const pairs = guests.flatMap((person, own) =>
    names.slice(1).flatMap((name, index) => (index === own ? [] : [{ person, name }])),
  )
  await Promise.all(pairs.map(({ person, name }) => watches(person, new RegExp(`^${name}`))))
  const begun = Date.now()
  const closing = host.page.close()
  const seen = guests.map(({ page }: { page: Page }, own) =>
    page.evaluate(
      seesAgain,
      names.slice(1).filter((_, index) => index !== own),
    ),
  )
  const ends = await Promise.all(seen)
  await closing
  await Promise.all(guests.map(person => person.close()))
  return Math.max(...ends) - begun
}

test('a star whose host closes the page', async () => {
  const values: number[] = []
  for (let round = 0; round < rounds; round++) values.push(await once())
  const what = 'until the three others see each other again'
  process.stdout.write(`${table([{ what, unit: 'ms', values }])}\n`)
  expect(values).toHaveLength(rounds)
})
