/** A data channel between two pages with nothing of ours in it, its signals handed over by the bench. */
import type { Page } from 'playwright-core'

/** Run in a page: what the other page answers to. */
const offers = async (configuration: RTCConfiguration): Promise<string> => {
  const connection = new RTCPeerConnection(configuration)
  Object.assign(globalThis, { bare: connection, channel: connection.createDataChannel('bare') })
  await connection.setLocalDescription()
  while (connection.iceGatheringState !== 'complete') await new Promise(resolve => setTimeout(resolve, 10))
  return connection.localDescription?.sdp ?? ''
}

/** Run in the other page: says so when all has come. */
const answers = async ([configuration, sdp, bytes]: [RTCConfiguration, string, number]): Promise<string> => {
  const connection = new RTCPeerConnection(configuration)
  Object.assign(globalThis, { bare: connection })
  connection.ondatachannel = ({ channel }) => {
    let heard = 0
    channel.binaryType = 'arraybuffer'
    channel.onmessage = ({ data }) => {
      heard += (data as ArrayBuffer).byteLength
      if (heard >= bytes) channel.send('all')
    }
  }
  await connection.setRemoteDescription({ type: 'offer', sdp })
  await connection.setLocalDescription()
  while (connection.iceGatheringState !== 'complete') await new Promise(resolve => setTimeout(resolve, 10))
  return connection.localDescription?.sdp ?? ''
}

/** With the same frames and marks as a file channel, out of one buffer into nothing. */
const pours = async ([sdp, bytes]: [string, number]): Promise<number> => {
  const connection: RTCPeerConnection = Reflect.get(globalThis, 'bare')
  const channel: RTCDataChannel = Reflect.get(globalThis, 'channel')
  await connection.setRemoteDescription({ type: 'answer', sdp })
  if (channel.readyState !== 'open')
    await new Promise(resolve => {
      channel.onopen = resolve
    })
  const frame = new Uint8Array(65_536)
  channel.bufferedAmountLowThreshold = 4_194_304
  const all = new Promise(resolve => {
    channel.onmessage = resolve
  })
  const began = performance.now()
  for (let left = bytes; left > 0; ) {
    while (left > 0 && channel.bufferedAmount < 5_242_880) {
      channel.send(frame.subarray(0, Math.min(left, frame.byteLength)))
      left -= frame.byteLength
    }
    if (left > 0)
      await new Promise(resolve => {
        channel.onbufferedamountlow = resolve
      })
  }
  await all
  return performance.now() - began
}

const close = (): void => Reflect.get(globalThis, 'bare').close()

/** Milliseconds that so many bytes take from one page to the other. */
export const pour = async (
  from: Page,
  to: Page,
  bytes: number,
  configuration: RTCConfiguration = {},
): Promise<number> => {
  const offer = await from.evaluate(offers, configuration)
  const answer = await to.evaluate(answers, [configuration, offer, bytes] as [
    RTCConfiguration,
    string,
    number,
  ])
  const took = await from.evaluate(pours, [answer, bytes] as [string, number])
  await Promise.all([from.evaluate(close), to.evaluate(close)])
  return took
}
