/**
 * Rooms that nobody is in yet: with a name in the link, or planned for later. A link holds all that its room is made of, so
 * that there is nothing to ask the server: whoever comes first brings the room there.
 */
import { randomKey } from '../base/random.ts'
import { fileNameUnitsMax, safeFileName } from '../base/text.ts'
import { fingerprintOf, makeOwnerKeys } from '../core/owner-keys.ts'
import { invitationByName, roomOfKey } from '../core/room-keys.ts'
import type { CreateForm, Planned } from '../ui/model.ts'
import type { RoomId } from '../wire/ids.ts'
import type { Invitation } from '../wire/invitation.ts'
import type { RoomCard } from '../wire/server.ts'
import { calendarFile } from './calendar.ts'
import type { KnownRoom } from './known-rooms.ts'

export { parseNamed } from '../core/room-keys.ts'

/** Null where nothing of the name can stand in a link. */
export const namedRoom = (form: CreateForm, name: string): Invitation | null =>
  invitationByName(name, form.password.normalize('NFC'), { ...form, name })

/** With a key of its own, owned by us; or by its name, owned by nobody. Null as above. */
export const plannedRoom = async (form: CreateForm, name: string): Promise<RoomCard | null> => {
  const { kind, peersMax } = form
  const password = form.password.normalize('NFC')
  const settings = { name, kind, peersMax, password }
  if (form.named) {
    const named = namedRoom(form, name)
    if (!named) return null
    const { room: id, key = null, linkName = null } = named
    return { ...settings, id, key, linkName }
  }
  const key = randomKey()
  const ownerKeys = await makeOwnerKeys()
  const founder = ownerKeys && (await fingerprintOf(ownerKeys.publicKey))
  const owned = founder === null ? {} : { founder, ownerKeys }
  return { ...settings, id: roomOfKey(key, founder), key, hostSecret: randomKey(), ...owned }
}

/** `remember` puts it into the list, and says whether the next page will know of it, too. */
export const planRoom = async (
  form: CreateForm,
  name: string,
  remember: (card: RoomCard, owns: boolean) => boolean,
): Promise<{ readonly room: RoomId; readonly kept: boolean } | 'no-link-name'> => {
  const card = await plannedRoom(form, name)
  if (!card) return 'no-link-name'
  return { room: card.id, kept: remember(card, (card.ownerKeys ?? null) !== null) }
}

/** False where nothing is planned. */
export const saveAppointment = (
  room: KnownRoom | undefined,
  link: string,
  save: (file: Blob, name: string) => void,
): boolean => {
  if (!room?.planned) return false
  const { file, name } = appointmentFile(room, room.planned, link, Date.now())
  save(file, name)
  return true
}

const minuteMs = 60_000

export const appointmentFile = (
  { id, name }: KnownRoom,
  { from, minutes }: Planned,
  link: string,
  now: number,
): { readonly file: Blob; readonly name: string } => {
  const [until, uid] = [from + minutes * minuteMs, `${id}-${from}@${new URL(link).hostname}`]
  const text = calendarFile({ uid, written: now, from, until, title: name, text: name, link })
  const file = new Blob([text], { type: 'text/calendar;charset=utf-8' })
  return { file, name: safeFileName(`${name}.ics`, fileNameUnitsMax) }
}
