/** How soon four in a call through the server see and hear each other again when the server is ended and started anew. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Person } from '../e2e/browser.ts'
import { arriveWith, type Change, knowsNoDirectCalls } from '../e2e/changed-pages.ts'
import { house } from '../e2e/house.ts'
import { callTogether, hearsSounds, watches } from '../e2e/senses.ts'
import { type Server, startServerWith } from '../e2e/server.ts'
import { rounds, table } from './report.ts'

const hosting = { P2PCHAT_HOST__ENABLED: 'true', P2PCHAT_HOST__PORT: '0' }
const home = house(hosting)
const names = ['Ada', 'Ben', 'Cyd', 'Dan'] as const

/** Moments of one page, by its clock. */
type Back = { readonly connected: number; readonly heard: number; readonly seen: number }

/** Keeps connections at hand. */
const keepConnections: Change = () => {
  const made: { readonly pc: RTCPeerConnection; readonly at: number }[] = []
  Object.assign(globalThis, { made })
  const Native = RTCPeerConnection
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      made.push({ pc: this, at: Date.now() })
    }
  }
}

/**
 * Run in a page: when it is connected anew, when sound of so many as there are tiles is played over that connection, and
 * when new pictures have come in each of the tiles. The old ones have stopped within 300 ms.
 */
const comesBack = async (tiles: readonly string[]): Promise<Back> => {
  const { made } = globalThis as unknown as { made: { pc: RTCPeerConnection; at: number }[] }
  const begun = Date.now()
  await new Promise(resolve => setTimeout(resolve, 300))
  const until = (done: () => Promise<boolean> | boolean): Promise<number> =>
    new Promise(resolve => {
      const look = async (): Promise<void> => {
        if (await done()) resolve(Date.now())
        else setTimeout(look, 100)
      }
      void look()
    })
  const fresh = (): RTCPeerConnection[] => made.filter(it => it.at >= begun).map(it => it.pc)
  const connected = until(() => fresh().some(pc => pc.connectionState === 'connected'))
  const heard = until(async () => {
    const reports = await Promise.all(fresh().map(pc => pc.getStats()))
    const sounds = reports.flatMap(it => [...it.values()]).filter(it => it.type === 'inbound-rtp')
    return sounds.filter(it => it.kind === 'audio' && it.jitterBufferEmittedCount > 0).length >= tiles.length
  })
  const seen = tiles.map(name => {
    const looked = new Set<HTMLVideoElement>()
    let moved = false
    return until(() => {
      for (const video of document.querySelectorAll<HTMLVideoElement>('li video')) {
        if (looked.has(video) || !video.closest('li')?.textContent?.includes(name)) continue
        looked.add(video)
        video.requestVideoFrameCallback(() => {
          moved = true
        })
      }
      return moved
    })
  })
  return { connected: await connected, heard: await heard, seen: Math.max(...(await Promise.all(seen))) }
}

/** Whose calls do not go past the server, as those of more than six do not. Those that do go on without it. */
const arrive = (address: string): Promise<Person> =>
  arriveWith(home, address, keepConnections, knowsNoDirectCalls)

const gather = async (server: Server): Promise<Person[]> => {
  const maker = await arrive(server.address)
  const link = await maker.createRoom(names[0], { kind: 'server' })
  const people = [maker]
  for (const name of names.slice(1)) {
    const person = await arrive(link)
    await person.stepIn(name)
    people.push(person)
  }
  const [first, ...others] = people
  if (first) await callTogether(first, ...others)
  return people
}

const othersOf = (own: number): string[] => names.filter((_, at) => at !== own)

const settled = (people: readonly Person[]): Promise<unknown> =>
  Promise.all(
    people.flatMap((person, own) => [
      hearsSounds(person, names.length - 1),
      ...othersOf(own).map(name => watches(person, new RegExp(`^${name}`))),
    ]),
  )

test.each(['stop', 'kill'] as const)('four in a call whose server starts anew (%s)', async how => {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-state-'))
  const server = await startServerWith({ ...hosting, P2PCHAT_STATE__DIR: folder })
  onTestFinished(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const people = await gather(server)
  const [answers, connected, heard, seen]: number[][] = [[], [], [], []]
  for (let round = 0; round < rounds; round++) {
    await settled(people)
    const coming = people.map(({ page }, own) => page.evaluate(comesBack, othersOf(own)))
    const begun = Date.now()
    await server[how]()
    await server.start()
    answers?.push((Date.now() - begun) / 1_000)
    const back = await Promise.all(coming)
    const last = (of: keyof Back): number => (Math.max(...back.map(it => it[of])) - begun) / 1_000
    connected?.push(last('connected'))
    heard?.push(last('heard'))
    seen?.push(last('seen'))
  }
  const row = (what: string, values: number[] = []) => ({ what, unit: 's', values })
  const rows = [
    row('the server answers', answers),
    row('everybody is connected', connected),
    row('everybody hears everybody', heard),
    row('everybody sees everybody', seen),
  ]
  const all = (heard ?? []).map((it, at) => Math.max(it, seen?.[at] ?? it))
  process.stdout.write(`${how}\n${table([...rows, row('both', all)])}\nworst: ${Math.max(...all)} s\n`)
  expect(all).toHaveLength(rounds)
})
