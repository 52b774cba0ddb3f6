/** People whose pages are changed before anything of ours runs in them. */
import type { Person } from './browser.ts'
import type { House } from './house.ts'
import { keepPlayers } from './senses.ts'

/** Run in a page. */
export type Change = () => void

/** Somebody who can be listened to, at an address. */
export const arriveWith = async (
  { arrive }: Pick<House, 'arrive'>,
  address: string,
  ...changes: readonly Change[]
): Promise<Person> => {
  const person = await arrive('about:blank')
  await keepPlayers(person)
  for (const change of changes) await person.context.addInitScript(change)
  await person.page.goto(address)
  return person
}

/** A page of ours of an earlier day: it calls nobody past a star's host. */
export const knowsNoDirectCalls: Change = () => {
  const { stringify } = JSON
  JSON.stringify = (value: unknown, ...how: []) => {
    const said = value as { idata?: { data?: { user?: { caps?: object } } } } | undefined
    const caps = said?.idata?.data?.user?.caps
    if (caps) Reflect.deleteProperty(caps, 'direct')
    return stringify(value, ...how)
  }
}

/** Keeps what the page says over its data channels, as the far end reads it. */
export const keepFrames: Change = () => {
  const frames: string[] = []
  Object.assign(globalThis, { frames })
  const { send } = RTCDataChannel.prototype
  const kept = function (this: RTCDataChannel, frame: string | ArrayBuffer): void {
    frames.push(typeof frame === 'string' ? frame : new TextDecoder().decode(frame))
    Reflect.apply(send, this, [frame])
  }
  Reflect.set(RTCDataChannel.prototype, 'send', kept)
}

export const framesOf = async ({ page }: Person): Promise<string> => {
  const frames: unknown = await page.evaluate(() => Reflect.get(globalThis, 'frames') as unknown)
  return JSON.stringify(frames)
}
