/** Whether a key was pressed alone: with Alt, Ctrl or Meta it belongs to the browser (Back, Print). */
export function isAlone({ altKey, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return !(altKey || ctrlKey || metaKey);
}
