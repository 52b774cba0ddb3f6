/** A room's card as a browser has stored it, for the tab's next page or in the list of rooms. Anybody can have changed it. */
import { isKey, roomId } from './ids.ts'
import { type Fields, idText, textUpTo, wholeNumber } from './json.ts'
import { isFingerprint, parseOwnerKeys } from './owner.ts'
import { parseKind, type RoomCard } from './server.ts'

const nameUnitsMax = 60
const passwordUnitsMax = 200

/** Null for whatever makes no sense. */
export const parseCard = (fields: Fields): RoomCard | null => {
  const id = idText(fields['id'])
  const name = textUpTo(fields['name'], nameUnitsMax)
  const password = textUpTo(fields['password'], passwordUnitsMax)
  const peersMax = wholeNumber(fields['peersMax'])
  const { key, founder } = fields
  if (id === null || name === null || password === null || peersMax === null) return null
  return {
    id: roomId(id),
    name,
    password,
    peersMax,
    kind: parseKind(fields['kind']),
    key: isKey(key) ? key : null,
    linkName: idText(fields['linkName']),
    hostSecret: idText(fields['hostSecret']) ?? idText(fields['owner']),
    founder: isFingerprint(founder) ? founder : null,
    ownerKeys: parseOwnerKeys(fields['ownerKeys']),
  }
}
