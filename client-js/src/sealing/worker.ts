/**
 * The sealing worker: every frame that this page sends in a star hosted by the server goes through it, and every frame that
 * comes. A frame is sealed, opened or dropped, as the page has ordered.
 */
import type { MemberId } from '../wire/ids.ts'
import type { MediaKind } from './clear-bytes.ts'
import { Keyring, type MediaKeys, type MediaMode } from './keyring.ts'

/** What a transform is made for. `id` names it among those of its page. */
export type TransformOptions = {
  readonly id: number
  readonly side: 'send' | 'receive'
  readonly kind: MediaKind
}

export type MediaOrder =
  | { readonly op: 'mode'; readonly mode: MediaMode }
  | { readonly op: 'seal'; readonly epoch: number; readonly keys: MediaKeys }
  | { readonly op: 'add'; readonly member: MemberId; readonly epoch: number; readonly keys: MediaKeys }
  | { readonly op: 'drop-before'; readonly member: MemberId; readonly epoch: number }
  /** Whose frames come through a transform. */
  | { readonly op: 'owner'; readonly id: number; readonly member: MemberId | null }

export type MediaReport =
  | { readonly op: 'ready' }
  | { readonly op: 'attached'; readonly id: number }
  | { readonly op: 'failed' }

/** What browsers have in a worker and the types of a page do not know (W3C WebRTC Encoded Transform). */
type EncodedFrame = { data: ArrayBuffer }
type Transformer = {
  readonly readable: ReadableStream<EncodedFrame>
  readonly writable: WritableStream<EncodedFrame>
  readonly options: TransformOptions
  readonly sendKeyFrameRequest?: () => Promise<unknown>
}

const ring = new Keyring()
const owners = new Map<number, MemberId>()
/** A key frame is not asked for more often. */
const askAgainMs = 500

const report = (it: MediaReport): void => postMessage(it)

const take = (order: MediaOrder): void => {
  switch (order.op) {
    case 'mode':
      ring.mode = order.mode
      return
    case 'seal':
      return ring.seal(order.epoch, order.keys)
    case 'add':
      return ring.add(order.member, order.epoch, order.keys)
    case 'drop-before':
      return ring.dropBefore(order.member, order.epoch)
    case 'owner':
      if (order.member === null) owners.delete(order.id)
      else owners.set(order.id, order.member)
  }
}

/** Pictures that were dropped are missed by those behind them, until a whole one comes. */
const keyFrameAsker = (transformer: Transformer) => {
  const { kind, side } = transformer.options
  let [dropped, askedAt] = [false, Number.NEGATIVE_INFINITY]
  return (passed: boolean): void => {
    const ask = passed && dropped && kind === 'video' && side === 'receive'
    dropped = !passed
    if (!ask || performance.now() - askedAt < askAgainMs) return
    askedAt = performance.now()
    // A browser that cannot be asked waits for its decoder to do so.
    transformer.sendKeyFrameRequest?.().catch(() => undefined)
  }
}

const attach = (transformer: Transformer): void => {
  const { id, side, kind } = transformer.options
  const came = keyFrameAsker(transformer)
  const changed = (data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | null> =>
    side === 'send' ? ring.outgoing(kind, data) : ring.incoming(kind, owners.get(id) ?? null, data)
  const through = new TransformStream<EncodedFrame, EncodedFrame>({
    transform: async (frame, controller) => {
      try {
        const result = await changed(new Uint8Array(frame.data))
        came(result !== null)
        if (!result) return
        frame.data = result.buffer
        controller.enqueue(frame)
      } catch {
        // What cannot be sealed, opened or passed on is dropped, and the page says so.
        report({ op: 'failed' })
      }
    },
  })
  transformer.readable
    .pipeThrough(through)
    .pipeTo(transformer.writable)
    // Streams end with their transceiver; one that breaks lets nothing through.
    .catch(() => undefined)
  report({ op: 'attached', id })
}

addEventListener('message', ({ data }: MessageEvent<MediaOrder>) => take(data))
addEventListener('rtctransform', event => {
  try {
    attach((event as unknown as { transformer: Transformer }).transformer)
  } catch {
    report({ op: 'failed' })
  }
})
report({ op: 'ready' })
