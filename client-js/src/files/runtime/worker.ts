/** The file worker: writes and hashes what comes in, away from the page's own thread. */
import { Digester } from '../digest.ts'
import {
  type FileStore,
  failureOf,
  type Order,
  openFileStore,
  type Report,
  removeFileStore,
  type StoreId,
  writeRecord,
} from './file-stores.ts'

type Bytes = Uint8Array<ArrayBuffer>
type Open = { readonly store: FileStore; readonly digester: Digester; bytes: number }

const report = (it: Report): void => postMessage(it)

const open = new Map<StoreId, Open>()
/** Orders for one store are carried out one after the other. */
const turns = new Map<StoreId, Promise<void>>()

/** One behind the other in one piece: copying them takes less time than a write for each. */
const joined = (pieces: readonly Bytes[]): Bytes => {
  const [first] = pieces
  if (first && pieces.length === 1) return first
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.byteLength
  }
  return bytes
}

const readBackBytes = 1_048_576
const carryOut = async (order: Order): Promise<void> => {
  const { store } = order
  if (order.op === 'open') {
    const found = await openFileStore(store, order.place, order.bytes)
    const digester = new Digester()
    for (let at = 0; at < found.stored; ) {
      const piece = found.readBack(at, Math.min(readBackBytes, found.stored - at))
      if (piece.byteLength === 0) throw new Error('less there than was said')
      digester.take(piece)
      at += piece.byteLength
    }
    open.set(store, { store: found, digester, bytes: found.stored })
    return report({ op: 'opened', store, stored: found.stored })
  }
  if (order.op === 'record') return writeRecord(store, order.text).catch(() => undefined)
  const it = open.get(store)
  if (!it) return order.op === 'discard' ? removeFileStore(store) : undefined
  switch (order.op) {
    case 'write': {
      const bytes = joined(order.pieces)
      await it.store.write(bytes)
      it.digester.take(bytes)
      it.bytes += bytes.byteLength
      return report({ op: 'stored', store, bytes: it.bytes })
    }
    case 'check':
      return report({ op: 'checked', store, digest: await it.digester.digest() })
    case 'keep':
      open.delete(store)
      return report({ op: 'kept', store, blob: await it.store.save() })
    case 'discard':
      open.delete(store)
      return it.store.discard()
  }
}

const failed = async (store: StoreId, error: unknown): Promise<void> => {
  const it = open.get(store)
  open.delete(store)
  try {
    await it?.store.discard()
  } catch {
    // What cannot be removed now is removed another day.
  }
  report({ op: 'failed', store, why: failureOf(error) })
}

const take = (order: Order): void => {
  const { store } = order
  const before = turns.get(store) ?? Promise.resolve()
  const turn = before.then(() => carryOut(order)).catch((error: unknown) => failed(store, error))
  turns.set(store, turn)
  void turn.then(() => {
    if (turns.get(store) === turn) turns.delete(store)
  })
}

addEventListener('message', ({ data }: MessageEvent<Order>) => take(data))
report({ op: 'ready' })
