/** What the small pages of other vocabularies share: channels, pictures, and what a test may look at. */
import { countFrames, framesOf } from '../frames.ts'

/** What a test sees of a page, and lets it do. */
export type OtherPage = {
  readonly heard: string[]
  /** Only where the vocabulary needs to be told whom to call. */
  readonly call?: (who: string) => Promise<void>
  /** To everybody with whom a channel is open; to how many. */
  readonly say: (text: string) => number
  /** Pictures that came from the other and were drawn. */
  readonly frames: () => number
}

const channels = new Set<RTCDataChannel>()
export const heard: string[] = []

export const watch = (channel: RTCDataChannel): void => {
  channel.onopen = () => channels.add(channel)
  channel.onclose = () => channels.delete(channel)
  channel.onmessage = ({ data }) => heard.push(String(data))
}

export const say = (text: string): number => {
  for (const channel of channels) channel.send(text)
  return channels.size
}

const video = document.createElement('video')
video.muted = true
video.autoplay = true
video.width = 240

export const show = ({ streams }: RTCTrackEvent): void => {
  const [stream] = streams
  if (stream && video.srcObject !== stream) video.srcObject = stream
}

export const camera = (): Promise<MediaStream> =>
  navigator.mediaDevices.getUserMedia({ video: true, audio: true })

export const add = (connection: RTCPeerConnection, stream: MediaStream): void => {
  for (const track of stream.getTracks()) connection.addTrack(track, stream)
}

/** A description that is set here and can be sent. */
export const describe = async (
  connection: RTCPeerConnection,
  kind: 'offer' | 'answer',
): Promise<RTCSessionDescriptionInit> => {
  const made = await (kind === 'offer' ? connection.createOffer() : connection.createAnswer())
  await connection.setLocalDescription(made)
  return made
}

/** Makes this page known to the test. */
export const ready = (further: Partial<OtherPage> = {}): void => {
  document.body.append(countFrames(video))
  const frames = () => framesOf(video)
  Object.assign(globalThis, { other: { heard, say, frames, ...further } satisfies OtherPage })
}
