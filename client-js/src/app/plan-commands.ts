/** Rooms that are made before anybody is in them, and what leads to them. What does it is loaded when it is wanted. */
import type { Commands, Model } from '../ui/model.ts'
import { addressOf, bareAddress, invitationOf } from './invitations.ts'
import type { KnownRoom } from './known-rooms.ts'
import { loadPlans, type Page, partOf } from './page.ts'

export const planCommands = (
  model: Model,
  page: Page,
  rooms: () => readonly KnownRoom[],
  remember: (rooms: readonly KnownRoom[]) => boolean,
): Pick<Commands, 'planRoom' | 'linkOf' | 'saveAppointment'> => {
  const linkOf = (id: string): string => {
    const found = rooms().find(it => it.id === id)
    return found ? addressOf(bareAddress(page.address()), invitationOf(found)) : ''
  }
  return {
    linkOf,
    planRoom: async (name, planned) => {
      const plans = await partOf(page, loadPlans)
      if (!plans) return 'not-loaded'
      const card = await plans.plannedRoom(model.create.value, name)
      if (!card) return 'no-link-name'
      const owns = (card.ownerKeys ?? null) !== null
      const kept = remember(plans.withRoom(rooms(), card, { created: true, owns, planned }, Date.now()))
      return { room: card.id, kept }
    },
    saveAppointment: async id => {
      const [plans, room] = [await partOf(page, loadPlans), rooms().find(it => it.id === id)]
      if (!plans || !room?.planned) return false
      const { file, name } = plans.appointmentFile(room, room.planned, linkOf(id), Date.now())
      page.save(file, name)
      return true
    },
  }
}
