/** What every browser test needs: one server, browsers, and people who are sent home after each test. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { Person } from './browser.ts'
import { browsers, type Look } from './engines.ts'
import { type Server, startServerWith } from './server.ts'
import { type Gate, gateTo } from './sockets/gate.ts'

export type House = {
  readonly server: () => Server
  /** Somebody at the given address, the start page by default. */
  readonly arrive: (address?: string, look?: Look) => Promise<Person>
}

/** `settings`: variables of the server's environment. */
export const house = (settings: Readonly<Record<string, string>> = {}): House => {
  const nextBrowser = browsers()
  let server: Server | null = null
  let present: Person[] = []

  beforeAll(async () => {
    server = await startServerWith({ P2PCHAT_STATE__DIR: 'memory', ...settings })
  })
  afterEach(async ({ task }) => {
    // A picture of a failure in words, for there is nobody to look at it.
    if (task.result?.state === 'fail')
      for (const { page } of present)
        if (!page.isClosed()) console.error(await page.locator('body').ariaSnapshot())
    const complaints = present.flatMap(person => person.complaints)
    await Promise.all(present.map(person => person.close()))
    present = []
    expect(complaints).toEqual([])
  })
  afterAll(async () => {
    await server?.stop()
  })

  const running = (): Server => {
    if (!server) throw new Error('the server has not been started')
    return server
  }
  const arrive = async (address = running().address, look: Look = {}): Promise<Person> => {
    const person = await Person.arrive(await nextBrowser(look), address, look)
    present.push(person)
    return person
  }
  return { server: running, arrive }
}

/** Two or more in one room: the first creates it, the others follow the link. */
export const gather = async (
  { arrive }: House,
  wish: Parameters<Person['createRoom']>[1],
  first: string,
  ...others: string[]
): Promise<{ link: string; people: Person[] }> => {
  const creator = await arrive()
  const link = await creator.createRoom(first, wish)
  const people = [creator]
  for (const name of others) {
    const person = await arrive(link)
    await person.stepIn(name)
    await person.sees(first)
    people.push(person)
  }
  return { link, people }
}

/** Somebody whose way to the server leads through a gate, at the invitation. */
export const behindGate = async (
  { server, arrive }: House,
  link: string,
  name: string,
): Promise<{ person: Person; gate: Gate }> => {
  const gate = await gateTo(server().address)
  const person = await arrive(`${gate.address}/${new URL(link).hash}`)
  await person.stepIn(name)
  return { person, gate }
}

/** The server knows so many, those included whom it still waits for. */
export const peersAre = ({ server }: House, expected: number): Promise<void> =>
  expect.poll(async () => (await (await fetch(`${server().address}/health`)).json()).peers).toBe(expected)
