/** Messages for tests, without the details that a test is not about. */
import type { RoomEvent } from '../src/room/state.ts'
import type { Chat } from '../src/wire/chat.ts'
import { messageId, newMessageId } from '../src/wire/ids.ts'

/** As an original says it, unless it is given a name. */
export const chat = (text: string, id: string | null = null, replyTo: string | null = null): Chat => ({
  kind: 'chat',
  text,
  id: messageId(id),
  replyTo: messageId(replyTo),
})

let said = 0

/** Our own word, under a name of its own. */
export const saying = (text: string, replyTo: string | null = null): RoomEvent & { type: 'say' } => {
  said += 1
  const id = newMessageId(new Uint8Array(new Uint32Array([said]).buffer))
  return { type: 'say', text, id, replyTo: messageId(replyTo) }
}
