/**
 * How a room comes into the list of those that this browser knows. Loaded with what makes rooms, and with the first one that is
 * shown: before that there is nothing to remember.
 */
import type { Planned } from '../ui/model.ts'
import type { RoomCard } from '../wire/server.ts'
import { bounded, isKept, type KnownRoom, withoutRoom } from './known-rooms.ts'

type How = Pick<KnownRoom, 'created' | 'owns'> & { readonly planned?: Planned }

/** In front of the others, if it is kept. `at` is in milliseconds since 1970. */
export const withRoom = (
  rooms: readonly KnownRoom[],
  card: RoomCard,
  { created, owns, planned }: How,
  at: number,
): readonly KnownRoom[] => {
  const known = rooms.find(({ id }) => id === card.id)
  const others = withoutRoom(rooms, card.id)
  // One without a key may have been made anew by somebody else since, and then it is not ours any more.
  if (!isKept({ ...card, owns })) return others
  const room = {
    ...card,
    hostSecret: card.hostSecret ?? known?.hostSecret ?? null,
    ownerKeys: card.ownerKeys ?? known?.ownerKeys ?? null,
    created: created || (known?.created ?? false),
    owns,
    planned: planned ?? known?.planned ?? null,
    at,
  }
  return bounded([room, ...others])
}
