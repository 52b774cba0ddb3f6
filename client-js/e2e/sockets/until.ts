/** Waits for a condition, never for a time. */
import { setTimeout as wait } from 'node:timers/promises'

const patienceMs = 60_000

/** Comes back once it happened; after the limit the test fails and says what was missing. */
export const until = async (happened: () => boolean, what: string, limitMs = patienceMs): Promise<void> => {
  const deadline = Date.now() + limitMs
  while (!happened()) {
    if (Date.now() > deadline) throw new Error(`waited ${limitMs / 1000} s for ${what}`)
    await wait(5)
  }
}
