/** The one place that pins what is not an npm package. */
export const versions = {
  /** github.com/open-policy-agent/opa: the bundle that it builds is compared byte for byte. */
  opa: "1.22.2",
} as const;
