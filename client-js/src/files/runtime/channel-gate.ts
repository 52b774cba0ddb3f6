/**
 * Which file channels that others open are taken: so many a second from each member, and only so many that have not said
 * yet what they are for.
 */
import { TokenBucket } from '../../base/token-bucket.ts'
import type { MemberId } from '../../wire/ids.ts'

/** One for each of many small files. */
const channelPace = { burst: 1_000, perSecond: 60 } as const
/** How many channels from one member may be open that have not said what they are for. */
const unidentifiedMax = 16

type Member = { readonly budget: TokenBucket; unidentified: number }

export class ChannelGate {
  readonly #members = new Map<MemberId, Member>()

  /**
   * Null for a channel that is not to be taken. Otherwise what to call once the channel has said what it is for, or has
   * closed; calling it again does nothing.
   */
  admit(id: MemberId, at: number): (() => void) | null {
    const member = this.#members.get(id) ?? { budget: new TokenBucket(channelPace), unidentified: 0 }
    this.#members.set(id, member)
    if (member.unidentified >= unidentifiedMax || !member.budget.take(at)) return null
    member.unidentified += 1
    let identified = false
    return () => {
      if (!identified) member.unidentified -= 1
      identified = true
    }
  }

  /** Those who have left come back as somebody else. */
  keepOnly(present: { readonly has: (id: MemberId) => boolean }): void {
    for (const id of this.#members.keys()) if (!present.has(id)) this.#members.delete(id)
  }
}
