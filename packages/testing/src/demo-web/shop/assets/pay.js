/*
 * All that the shop's page has to do with a payment: it makes room for the vault's field, and sends its own form once
 * the vault has what it needs. No function here is ever given a card number or a code.
 */
const form = document.querySelector('form.pay')
const { vault, session, wish, paying, expired, broken } = form.dataset
const room = form.querySelector('.element')
const button = form.querySelector('button')
const hint = form.querySelector('#hint')
const problem = form.querySelector('.problem')
const reload = problem.querySelector('a')
const cardholder = form.querySelector('#cardholder')
const label = button.textContent

let isComplete = false
let isPaying = false

const show = () => {
  button.disabled = isPaying || !isComplete || cardholder?.value.trim() === ''
  button.textContent = isPaying ? paying : label
  button.setAttribute('aria-busy', String(isPaying))
  hint.hidden = isPaying || !button.disabled
}

const tell = (message, { mayReload }) => {
  problem.querySelector('p').textContent = message
  reload.hidden = !mayReload
  problem.hidden = false
}

/** The vault's fields look like the shop's own. */
const appearance = () => {
  const style = getComputedStyle(form)
  const color = (name) => style.getPropertyValue(name)
  return {
    variables: {
      colorText: color('--ink'),
      colorLabel: color('--ink'),
      colorPlaceholder: color('--soft'),
      colorBackground: color('--surface'),
      colorBorder: color('--edge'),
      colorAccent: color('--accent'),
      colorError: color('--bad'),
      fontFamily: 'system-ui, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif',
      fontSize: '16px',
      labelSize: '14px',
      labelWeight: '500',
      borderRadius: '10px',
      spacing: '16px',
      padding: '12px',
    },
  }
}

const start = () => {
  const elements = globalThis.Cardkeep.createElements({
    vaultUrl: vault,
    sessionId: session,
    locale: document.documentElement.lang,
    appearance: appearance(),
  })
  const element = elements.create(wish)
  element.on('ready', () => room.removeAttribute('data-state'))
  element.on('change', ({ complete }) => {
    isComplete = complete
    show()
  })
  element.on('submit', () => form.requestSubmit(button.disabled ? null : button))
  element.on('loaderror', ({ reason }) => {
    room.hidden = true
    tell(reason === 'session' ? expired : broken, { mayReload: true })
  })
  element.mount(room)
  return () =>
    wish === 'card' ? elements.tokenize({ cardholderName: cardholder.value.trim() }) : elements.refreshCode()
}

const pay = async (send) => {
  isPaying = true
  problem.hidden = true
  show()
  const result = await send()
  // Not `requestSubmit`: this is where submitting has led.
  if (result.status === 'success') return form.submit()
  isPaying = false
  show()
  tell(result.message, { mayReload: result.reason === 'session' || result.reason === 'unreachable' })
}

if (globalThis.Cardkeep) {
  const send = start()
  cardholder?.addEventListener('input', show)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!isPaying && !button.disabled) void pay(send)
  })
  show()
} else {
  room.hidden = true
  tell(broken, { mayReload: true })
}
