/** Owns the French words about who can listen. */
import type { Texts } from '../en.ts'

export const safety: Texts['safety'] = {
  open: name => `Connexion avec ${name}`,
  direct: 'Directe, de navigateur à navigateur.',
  relayed: 'Par un relais (serveur TURN), qui transmet ce qu’il ne peut pas lire.',
  code: 'Code de sécurité',
  lead: 'Lisez-le-vous l’un à l’autre, au téléphone ou de vive voix. Le même code des deux côtés signifie que personne n’est entre vous.',
  differs: 'Si les codes diffèrent, quelqu’un l’est : n’allez pas plus loin.',
  starHost:
    'Dans une étoile, cela vaut pour le chemin entre vous deux. Ce que les invités se disent passe par l’hôte.',
  viaHost: name =>
    `Vous joignez ${name} par l’hôte, qui transmet ce que vous vous dites et pourrait le lire et le modifier. Un code ne garantit que votre connexion avec l’hôte.`,
  noHttps: 'Cette page est venue sans HTTPS : un code ne prouverait rien.',
  none: 'Il n’y a pas de connexion en ce moment.',
}
