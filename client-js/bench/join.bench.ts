/** How soon whoever presses Join can talk and see: beside two bare connections in one page, which nothing can beat. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { house } from '../e2e/house.ts'
import { alternate, rounds, table } from './report.ts'

const home = house()

/** Milliseconds from the press until a message has arrived at the other end, and until a picture is shown here. */
type Times = { readonly message: number; readonly picture: number }

/** Run in the page of who is there: when a message with this text is on the screen. */
const hears = (text: string): Promise<number> =>
  new Promise(resolve => {
    const look = (): void => {
      const said = [...document.querySelectorAll('[role="log"] article')]
      if (said.some(it => it.textContent?.includes(text))) resolve(Date.now())
      else setTimeout(look, 2)
    }
    look()
  })

/**
 * Run in the page of who comes: presses Join, writes as soon as that is possible, and waits for a picture of somebody
 * else.
 */
const comes = async (text: string): Promise<{ pressed: number; seen: number }> => {
  const soon = <T>(find: () => T | null): Promise<T> =>
    new Promise(resolve => {
      const look = (): void => {
        const found = find()
        if (found !== null) resolve(found)
        else setTimeout(look, 2)
      }
      look()
    })
  const button = (name: string): HTMLButtonElement | null =>
    [...document.querySelectorAll('button')].find(it => it.textContent?.trim() === name) ?? null
  const join = await soon(() => button('Join room'))
  const pressed = Date.now()
  join.click()
  const seen = soon(() => {
    const shown = [...document.querySelectorAll<HTMLVideoElement>('li video')].filter(it => it.videoWidth > 0)
    return shown.some(it => !it.closest('li')?.textContent?.includes('You')) ? Date.now() : null
  })
  // The field may be drawn anew while the room takes shape.
  await soon(() => {
    const field = document.querySelector<HTMLTextAreaElement>('.compose textarea')
    const send = document.querySelector<HTMLButtonElement>('.compose .send')
    if (!field || !send) return null
    if (field.value !== text) {
      field.value = text
      field.dispatchEvent(new Event('input', { bubbles: true }))
    }
    if (send.getAttribute('aria-disabled') === 'true') return null
    send.click()
    return true
  })
  return { pressed, seen: await seen }
}

const withCamera = async (page: Page): Promise<void> => {
  // A browser without windows asks nobody, and refuses.
  await page.context().grantPermissions(['microphone', 'camera'])
  await page.getByRole('button', { name: 'Allow microphone and camera' }).click()
  await page.locator('.preview video').waitFor()
}

const app = async (): Promise<Times> => {
  const host = await home.arrive()
  const link = await host.createRoom('Ada')
  await host.page.getByRole('button', { name: 'Start call' }).click()
  await withCamera(host.page)
  await host.page.getByRole('dialog').getByRole('button', { name: 'Start call' }).click()
  await host.page.getByRole('toolbar', { name: 'Call controls' }).waitFor()
  const guest = await home.arrive(link)
  await guest.page.getByLabel('Your name').fill('Ben')
  await withCamera(guest.page)
  const text = `first word ${performance.now()}`
  const [heard, came] = await Promise.all([host.page.evaluate(hears, text), guest.page.evaluate(comes, text)])
  await Promise.all([host.close(), guest.close()])
  return { message: heard - came.pressed, picture: came.seen - came.pressed }
}

/** Run in a page: two connections that hand each other their signals in memory. */
const connects = async (): Promise<Times> => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true })
  const began = Date.now()
  const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()]
  near.onicecandidate = ({ candidate }) => void far.addIceCandidate(candidate ?? undefined)
  far.onicecandidate = ({ candidate }) => void near.addIceCandidate(candidate ?? undefined)
  const message = new Promise<number>(resolve => {
    far.ondatachannel = ({ channel }) => {
      channel.onmessage = () => resolve(Date.now() - began)
    }
  })
  const picture = new Promise<number>(resolve => {
    far.ontrack = ({ track, streams }) => {
      if (track.kind !== 'video') return
      const video = document.createElement('video')
      video.muted = true
      video.srcObject = streams[0] ?? null
      document.body.append(video)
      video.requestVideoFrameCallback(() => resolve(Date.now() - began))
      void video.play()
    }
  })
  const channel = near.createDataChannel('floor')
  channel.onopen = () => channel.send('first word')
  for (const track of stream.getTracks()) near.addTrack(track, stream)
  await near.setLocalDescription()
  await far.setRemoteDescription(near.localDescription ?? { type: 'offer' })
  await far.setLocalDescription()
  await near.setRemoteDescription(far.localDescription ?? { type: 'answer' })
  const times = { message: await message, picture: await picture }
  for (const track of stream.getTracks()) track.stop()
  return times
}

const bare = async (): Promise<Times> => {
  const person = await home.arrive()
  const times = await person.page.evaluate(connects)
  await person.close()
  return times
}

test('join', async () => {
  const [ours, floor]: [Times[], Times[]] = [[], []]
  await alternate(
    rounds,
    async () => void ours.push(await app()),
    async () => void floor.push(await bare()),
  )
  const row = (what: string, part: keyof Times) => ({
    what,
    unit: 'ms',
    values: ours.map(it => it[part]),
    against: { what: 'two bare connections in one page', values: floor.map(it => it[part]) },
  })
  process.stdout.write(
    `${table([
      row('from Join to the first message at the other end', 'message'),
      row('from Join to the first picture of somebody else', 'picture'),
    ])}\n`,
  )
  expect(ours).toHaveLength(rounds)
})
