/** The file worker: writes and hashes what comes in, away from the page's own thread. */
import { Digester } from '../digest.ts'
import {
  type FileStore,
  type Order,
  openFileStore,
  type Report,
  removeFileStore,
  type StoreId,
  sweep,
} from './file-stores.ts'

type Open = { readonly slot: FileStore; readonly digester: Digester; bytes: number }

const report = (it: Report): void => postMessage(it)

const open = new Map<StoreId, Open>()
/** Orders for one slot are carried out one after the other. */
const turns = new Map<StoreId, Promise<void>>()

const readBackBytes = 1_048_576
const carryOut = async (order: Order): Promise<void> => {
  const { slot } = order
  if (order.op === 'open') {
    const found = await openFileStore(slot, order.place, order.bytes)
    const digester = new Digester()
    for (let at = 0; at < found.stored; ) {
      const piece = found.readBack(at, Math.min(readBackBytes, found.stored - at))
      if (piece.byteLength === 0) throw new Error('less there than was said')
      digester.take(piece)
      at += piece.byteLength
    }
    open.set(slot, { slot: found, digester, bytes: found.stored })
    return report({ op: 'opened', slot, stored: found.stored })
  }
  const it = open.get(slot)
  if (!it) return order.op === 'discard' ? removeFileStore(slot) : undefined
  switch (order.op) {
    case 'write':
      for (const piece of order.pieces) {
        await it.slot.write(piece)
        it.digester.take(piece)
        it.bytes += piece.byteLength
      }
      return report({ op: 'stored', slot, bytes: it.bytes })
    case 'check':
      return report({ op: 'checked', slot, digest: await it.digester.digest() })
    case 'keep':
      open.delete(slot)
      return report({ op: 'kept', slot, blob: await it.slot.save() })
    case 'discard':
      open.delete(slot)
      return it.slot.discard()
  }
}

const failed = async (slot: StoreId): Promise<void> => {
  const it = open.get(slot)
  open.delete(slot)
  try {
    await it?.slot.discard()
  } catch {
    // What cannot be removed now is swept another day.
  }
  report({ op: 'failed', slot })
}

const take = (order: Order): void => {
  const { slot } = order
  const before = turns.get(slot) ?? Promise.resolve()
  const turn = before.then(() => carryOut(order)).catch(() => failed(slot))
  turns.set(slot, turn)
  void turn.then(() => {
    if (turns.get(slot) === turn) turns.delete(slot)
  })
}

addEventListener('message', ({ data }: MessageEvent<Order>) => take(data))

// What was saved, or given up with its page, is of no use to anybody any more.
void sweep(Date.now())
