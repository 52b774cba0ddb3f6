/** Owns what is done with files away from the page's own thread: writing and hashing what comes in. */
import { Digester } from '../digest.ts'
import type { Note, Order, Report, SlotId } from './orders.ts'
import { accessTo, folder, openSlot, type Slot } from './slots.ts'

type Open = { readonly slot: Slot; readonly digester: Digester; bytes: number }

const report = (it: Report): void => postMessage(it)

const open = new Map<SlotId, Open>()
/** Orders for one slot are carried out one after the other. */
const turns = new Map<SlotId, Promise<void>>()

const readBackBytes = 1_048_576
const carryOut = async (order: Exclude<Order, { op: 'sweep' }>): Promise<void> => {
  const { slot } = order
  if (order.op === 'open') {
    const found = await openSlot(slot, order.place, order.bytes)
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
  if (!it) return
  switch (order.op) {
    case 'write':
      for (const piece of order.pieces) {
        await it.slot.write(piece)
        it.digester.take(piece)
        it.bytes += piece.byteLength
      }
      return report({ op: 'stored', slot, bytes: it.bytes })
    case 'note':
      return note(slot, order.note)
    case 'check':
      return report({ op: 'checked', slot, digest: await it.digester.digest() })
    case 'keep':
      open.delete(slot)
      await unnote(slot)
      return report({ op: 'kept', slot, blob: await it.slot.keep() })
    case 'discard':
      open.delete(slot)
      await unnote(slot)
      return it.slot.discard()
    case 'release':
      open.delete(slot)
      return it.slot.release()
  }
}

const noteName = (slot: SlotId): string => `${slot}.json`

/** What cannot be noted cannot be gone on with later; nothing else depends on it. */
const note = async (slot: SlotId, it: Note): Promise<void> => {
  try {
    const file = await (await folder()).getFileHandle(noteName(slot), { create: true })
    const access = await accessTo(file)
    access.truncate(0)
    access.write(new TextEncoder().encode(JSON.stringify(it)), { at: 0 })
    access.flush()
    access.close()
  } catch {
    // See above.
  }
}

const unnote = async (slot: SlotId): Promise<void> => {
  try {
    await (await folder()).removeEntry(noteName(slot))
  } catch {
    // There was none.
  }
}

const failed = async (slot: SlotId): Promise<void> => {
  const it = open.get(slot)
  open.delete(slot)
  try {
    await it?.slot.discard()
    await unnote(slot)
  } catch {
    // What cannot be removed now is swept another day.
  }
  report({ op: 'failed', slot })
}

const take = (order: Order): void => {
  if (order.op === 'sweep') return
  const { slot } = order
  const before = turns.get(slot) ?? Promise.resolve()
  const turn = before.then(() => carryOut(order)).catch(() => failed(slot))
  turns.set(slot, turn)
  void turn.then(() => {
    if (turns.get(slot) === turn) turns.delete(slot)
  })
}

addEventListener('message', ({ data }: MessageEvent<Order>) => take(data))
