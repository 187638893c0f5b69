/* Test card numbers are copied by a click; where the browser does not allow that, they are still there to read. */
const told = document.querySelector('.test-cards [role="status"]')

for (const button of document.querySelectorAll('[data-copy]'))
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.dataset.copy)
    for (const other of document.querySelectorAll('[data-done]')) delete other.dataset.done
    button.dataset.done = button.dataset.copied
    told.textContent = button.dataset.copied
  })
