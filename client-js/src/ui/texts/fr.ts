/** Owns the French words of the page. */
import type { Texts } from './en.ts'
import { call } from './fr/call.ts'
import { chat } from './fr/chat.ts'
import { connection } from './fr/connection.ts'
import { files } from './fr/files.ts'
import { preview } from './fr/preview.ts'
import { safety } from './fr/safety.ts'
import { settings } from './fr/settings.ts'

const refusals: Texts['refusals'] = {
  'wrong-password': 'Ce n’est pas le mot de passe de ce salon.',
  'no-password': 'Ce salon a un mot de passe.',
  'room-full': 'Le salon est complet. Réessayez quand quelqu’un sera parti.',
  'no-such-room': 'Ce salon n’existe pas ou plus. Demandez un nouveau lien.',
  'room-error': 'Le serveur n’a pas pu le faire. Veuillez réessayer.',
  unreachable: 'Le serveur est injoignable. Votre saisie est conservée ; réessayez dans un instant.',
  'no-name': 'Dites d’abord qui vous êtes.',
  'not-a-room': 'Ce n’est ni un lien ni un identifiant de salon.',
}

const notices: Texts['notices'] = {
  joined: name => `${name} est là`,
  left: name => `${name} a quitté le salon`,
  'handed-over': name => `Vous avez transmis les derniers messages à ${name}`,
  'too-fast': name => `${name} envoie plus vite qu’on ne peut afficher ; une partie est omise`,
  'host-offline': () =>
    'L’hôte a perdu le serveur. Vous pouvez continuer à parler, mais plus personne ne peut entrer.',
  'host-left': () => 'L’hôte a quitté le salon, qui est donc fermé.',
  'line-lost': () =>
    'La liaison avec le serveur est coupée. Les personnes présentes vous entendent toujours.',
  'line-back': () => 'La liaison avec le serveur est rétablie.',
  'room-gone': () =>
    'Le serveur ne connaît plus ce salon. Les personnes présentes peuvent continuer ; plus personne ne peut entrer.',
}

const reaches: Texts['reaches'] = {
  self: 'vous',
  direct: 'connexion directe',
  'via-host': 'par l’hôte',
  connecting: 'connexion…',
  unsteady: 'connexion instable…',
  lost: 'connexion perdue, nouvel essai…',
}

export const fr: Texts = {
  appName: 'P2PChat',
  titleIn: room => `${room} – P2PChat`,
  refusals,
  notices,
  reaches,
  settings,
  preview,
  call,
  connection,
  safety,
  media: {
    show: 'Afficher ici',
    hide: 'Masquer',
    failed: 'Impossible à afficher ici. Enregistrez-le et ouvrez-le avec une autre application.',
  },
  dialog: {
    close: 'Fermer',
    notLoaded: 'Cette partie de la page n’a pas pu être chargée. Vérifiez la connexion et réessayez.',
  },
  server: {
    connecting: 'Connexion au serveur…',
    online: 'Connecté au serveur',
    offline: 'Serveur injoignable, nouvel essai…',
    roomGone: 'Fermé aux nouveaux',
    ended: 'Terminé',
  },
  start: {
    title: 'Parlez-vous directement.',
    lead: 'Ce que vous écrivez va de navigateur à navigateur. Le serveur ne fait que les présentations.',
    yourName: 'Votre nom',
    yourNameHint: 'Visible par les autres dans le salon.',
  },
  create: {
    title: 'Créer un salon',
    lead: 'Vous recevez un lien à partager.',
    roomName: 'Nom du salon',
    kind: 'Mode de connexion',
    mesh: 'Maillage',
    meshLead: 'Chacun se connecte à tous. Le salon existe tant que quelqu’un s’y trouve.',
    star: 'Étoile',
    starAlias: '(SFU)',
    starLead: 'Chacun se connecte à vous, et vous transmettez. Le salon ferme quand vous partez.',
    password: 'Mot de passe',
    passwordHint: 'Compris dans le lien. Laissez vide pour un salon sans mot de passe.',
    generate: 'Générer',
    peersMax: 'Nombre maximal de personnes',
    submit: 'Créer le salon',
    busy: 'Création…',
    defaultName: name => (name === '' ? 'Notre salon' : `Salon de ${name}`),
  },
  join: {
    title: 'Rejoindre un salon',
    lead: 'Avec un lien ou un identifiant de salon.',
    room: 'Lien ou identifiant',
    password: 'Mot de passe',
    passwordHint: 'Un lien le contient déjà.',
    submit: 'Rejoindre',
    busy: 'Un instant…',
  },
  invited: {
    title: 'On vous invite',
    lead: 'Dites qui vous êtes, puis entrez.',
    passwordLead: 'Ce salon a peut-être un mot de passe, et le lien ne le contient pas.',
    wrongLead:
      'Le mot de passe du lien n’est pas, ou n’est plus, celui du salon. Demandez-le, ou demandez un nouveau lien.',
    elsewhere: 'Aller plutôt à l’accueil',
  },
  room: {
    people: 'Personnes',
    peopleCount: (count, max) => `${count} sur ${max}`,
    you: 'vous',
    host: 'hôte',
    stranger: 'Quelqu’un',
    leave: 'Quitter',
    endAsk: {
      title: 'Fermer le salon pour tout le monde ?',
      lead: 'Tout passe par vous. Si vous partez, le salon est fini pour les autres aussi.',
      yes: 'Fermer le salon',
    },
    leaveAsk: {
      title: 'Partir alors que des fichiers sont en chemin ?',
      lead: 'Ils s’arrêtent si vous partez.',
      yes: 'Partir',
    },
    stay: 'Rester',
    invite: 'Copier le lien',
    copied: 'Lien copié',
    copyFailed: 'La copie n’est pas permise ici. Sélectionnez le lien et copiez-le vous-même.',
    link: 'Lien vers ce salon',
    share: 'Partager',
    qrShow: 'Code QR',
    qr: 'Invitation sous forme de code QR',
    qrLead: 'Quiconque pointe un appareil photo dessus peut entrer : il contient le lien et le mot de passe.',
    ready: 'Votre salon est prêt',
    alone: 'Il n’y a personne d’autre ici',
    readyLead: 'Envoyez ce lien à ceux avec qui vous voulez parler. Il contient le mot de passe.',
    readyLeadOpen: 'Envoyez ce lien à ceux avec qui vous voulez parler.',
    mesh: 'Maillage',
    star: 'Étoile',
    ended: 'Ce salon est fermé.',
    waitingForHost: 'Connexion à l’hôte…',
    hostLost: 'La connexion à l’hôte est coupée. En attente de son retour…',
  },
  chat,
  files,
  left: {
    title: 'Vous avez quitté le salon',
    titleEnded: 'Le salon est fermé',
    lead: room => `Vous n’êtes plus dans « ${room} ». Rien de la conversation n’a été conservé.`,
    leadEnded: room => `« ${room} » est terminé. Rien de la conversation n’a été conservé.`,
    rejoin: 'Revenir',
    busy: 'Un instant…',
    toStart: 'Accueil',
  },
}
