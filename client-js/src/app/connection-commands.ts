/** The commands about connections: how one stands, whether a STUN or TURN server answers, and all that a call needs. */
import type { Client } from '../core/client.ts'
import type { RoomSession } from '../core/room-session.ts'
import type { Commands, Model } from '../ui/model.ts'
import { loadedOnce } from '../ui/parts/ahead.ts'
import { keepTrying } from '../ui/parts/missing.tsx'
import { isTurn } from '../wire/ice.ts'

const probe = loadedOnce(() => import('../link/probe.ts'))
const check = loadedOnce(() => import('../core/connection-check.ts'))
const hosting = loadedOnce(() => import('../core/http.ts'))

/** Whoever waits for an answer sees that it is being tried, also while the part that tries is on its way. */
const patiently = <Part>(load: () => Promise<Part>): Promise<Part> =>
  new Promise(resolve => keepTrying(load, resolve, () => undefined))

/** Whether there is a connection to the server, and what it hands out. */
export const showServer = (model: Model, client: Client): void => {
  client.on('online', () => {
    model.server.value = 'online'
  })
  client.on('iceServers', () => {
    model.serverRelays.value = client.iceServers.some(({ urls }) => urls.some(isTurn))
  })
  client.on('offline', () => {
    model.server.value = 'offline'
  })
}

export const connectionCommands = (
  model: Model,
  client: Client,
  session: () => RoomSession | null,
): Pick<Commands, 'connection' | 'tryIceServer' | 'checkConnection' | 'hosting'> => ({
  connection: async member => (await session()?.connection(member)) ?? null,
  // Without an answer rooms are made as anywhere.
  hosting: () =>
    hosting().then(
      ({ askHosting }) => askHosting(location.href),
      () => null,
    ),
  tryIceServer: async server => (await patiently(probe)).answersIce(server),
  checkConnection: async told => {
    const { checkConnection } = await patiently(check)
    const { iceServers } = model.settings.value
    await checkConnection({
      transport: () => client.transport,
      inRoom: done => client.inRoom(done),
      page: location.href,
      iceServers: () => (iceServers.length > 0 ? iceServers : client.iceServers),
      told,
    })
  },
})
