/** Whether a process that this one started is gone, however it went. */
export const hasEnded = ({ pid }: { readonly pid: number }): boolean => {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}
