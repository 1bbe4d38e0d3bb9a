declare module "virtual:site-data" {
  // An import at the top would turn this declaration of a new module into an addition to one that exists.
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports
  type SiteData = import("./state/site-data.js").SiteData;
  /** Computed at build time. */
  export const SITE_DATA: SiteData;
}

interface ImportMetaEnv {
  /** The address that the site was built for; empty when it is not known. */
  readonly SITE: string;
}
