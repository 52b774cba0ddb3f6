/** The way into a call in the app, and what is seen and heard there: pictures that move, players that sound. */
import { expect } from 'vitest'
import type { Person } from './browser.ts'

/** Keeps the players at hand, which are in no document. For pages that are opened later. */
export const keepPlayers = async ({ context }: Pick<Person, 'context'>): Promise<void> => {
  await context.addInitScript(() => {
    const players: HTMLAudioElement[] = []
    Object.assign(globalThis, { players })
    const Native = Audio
    globalThis.Audio = class extends Native {
      constructor(src?: string) {
        super(src)
        players.push(this)
      }
    }
  })
}

/** With microphone and camera. */
export const enterCall = async ({ page }: Person, by: 'Start call' | 'Join call'): Promise<void> => {
  await page.getByRole('button', { name: by }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Allow microphone and camera' }).click()
  await dialog.locator('video').waitFor()
  await dialog.getByRole('button', { name: by }).click()
  await page.getByRole('toolbar').waitFor()
}

export const callTogether = async (first: Person, ...others: Person[]): Promise<void> => {
  await enterCall(first, 'Start call')
  for (const person of others) {
    await person.page
      .getByText(/ in the call/)
      .first()
      .waitFor()
    await enterCall(person, 'Join call')
  }
}

/** New pictures come in a tile. */
export const watches = async ({ page }: Person, tile: RegExp): Promise<void> => {
  const video = page.getByRole('region', { name: tile }).locator('video')
  // A tile has no element before its picture comes, and may get another one; it is looked for anew after a while.
  const moves = (): Promise<boolean> =>
    video.evaluateAll(([it, ...more]) => {
      if (more.length > 0) throw new Error('a tile with more than one picture')
      if (!(it instanceof HTMLVideoElement)) return false
      return new Promise<boolean>(resolve => {
        let pictures = 0
        const next = (): void => {
          pictures += 1
          if (pictures > 5) resolve(true)
          else it.requestVideoFrameCallback(next)
        }
        next()
        setTimeout(() => resolve(false), 3_000)
      })
    })
  await expect.poll(moves, { message: `new pictures in ${tile}` }).toBe(true)
}

/** How many of the players give a sound that can be heard. Chromium's made-up microphone beeps once a second. */
const sounding = ({ page }: Person): Promise<number> =>
  page.evaluate(async () => {
    const players: HTMLAudioElement[] = Reflect.get(globalThis, 'players')
    const context = new AudioContext()
    const listens = (stream: MediaStream): (() => boolean) => {
      const analyser = new AnalyserNode(context, { fftSize: 32_768 })
      context.createMediaStreamSource(stream).connect(analyser)
      const samples = new Float32Array(analyser.fftSize)
      return () => {
        analyser.getFloatTimeDomainData(samples)
        return samples.some(it => Math.abs(it) > 0.01)
      }
    }
    const heard = players
      .filter(({ paused, muted, volume }) => !paused && !muted && volume > 0)
      .flatMap(({ srcObject }) => (srcObject instanceof MediaStream ? [listens(srcObject)] : []))
    const loud = new Set<() => boolean>()
    await context.resume()
    const until = performance.now() + 4_000
    while (loud.size < heard.length && performance.now() < until) {
      await new Promise(requestAnimationFrame)
      for (const isLoud of heard) if (isLoud()) loud.add(isLoud)
    }
    await context.close()
    return loud.size
  })

export const hearsSounds = (person: Person, count: number): Promise<void> =>
  expect.poll(() => sounding(person), { message: `${count} of the others sound` }).toBe(count)

/** No player is on: what is not worked on in time by a busy machine is not taken for silence. */
export const hearsNothing = ({ page }: Person): Promise<void> =>
  expect
    .poll(() =>
      page.evaluate(() => {
        const players: HTMLAudioElement[] = Reflect.get(globalThis, 'players')
        const on = players.filter(({ paused, muted, volume }) => !paused && !muted && volume > 0)
        return on.filter(({ srcObject }) => srcObject !== null).length
      }),
    )
    .toBe(0)

/** Two in a call share their screens, one after the other, and each sees the other's come and go. */
export const shareScreensInTurn = async (...both: [name: string, person: Person][]): Promise<void> => {
  for (const [at, [name, one]] of both.entries()) {
    const other = both[1 - at]?.[1]
    if (!other) throw new Error('two are needed')
    await one.page.getByRole('button', { name: 'Share screen' }).click()
    await watches(other, new RegExp(`^${name}’s screen`))
    await one.page.getByRole('button', { name: 'Stop sharing' }).click()
    await other.page.getByRole('region', { name: `${name}’s screen` }).waitFor({ state: 'detached' })
  }
}
