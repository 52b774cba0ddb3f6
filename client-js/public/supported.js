/* Says so where the browser is too old for this page. It is written in words that any browser understands, and does not
 * need the page's own script, which an old browser cannot even read. The versions stand in the README too. */
;(function () {
  var words = {
    en: 'This browser is too old for this page. Please use Chrome or Edge 123, Firefox 120, Safari 17.5, or a newer version of one of them.',
    de: 'Dieser Browser ist zu alt für diese Seite. Bitte verwende Chrome oder Edge 123, Firefox 120, Safari 17.5 oder eine neuere Version davon.',
    es: 'Este navegador es demasiado antiguo para esta página. Usa Chrome o Edge 123, Firefox 120, Safari 17.5 o una versión más reciente.',
    fr: 'Ce navigateur est trop ancien pour cette page. Utilisez Chrome ou Edge 123, Firefox 120, Safari 17.5 ou une version plus récente.',
    zh: '此浏览器版本过旧，无法使用本页面。请使用 Chrome 或 Edge 123、Firefox 120、Safari 17.5 或更新版本。',
    ar: 'هذا المتصفح قديم جدًا لهذه الصفحة. استخدم Chrome أو Edge 123 أو Firefox 120 أو Safari 17.5 أو إصدارًا أحدث.',
  }
  var able =
    'noModule' in document.createElement('script') &&
    typeof URL === 'function' &&
    typeof URL.canParse === 'function' &&
    typeof [].toSorted === 'function' &&
    typeof [].findLast === 'function' &&
    'popover' in document.createElement('div') &&
    typeof CSS === 'object' &&
    CSS.supports('color', 'light-dark(red, red)')
  if (able) return
  var language = (navigator.language || 'en').slice(0, 2)
  var note = document.createElement('p')
  note.setAttribute('role', 'alert')
  note.className = 'too-old'
  note.lang = words[language] ? language : 'en'
  note.dir = language === 'ar' ? 'rtl' : 'ltr'
  note.appendChild(document.createTextNode(words[language] || words.en))
  document.body.insertBefore(note, document.body.firstChild)
})()
