/** File names and texts of the generated modules. */
export function catalogueModules(): readonly { readonly url: URL; readonly text: string }[];
