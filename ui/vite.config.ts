import { defineConfig } from "vite";

// Airflow's own React, router and Chakra, which its UI puts on globalThis before it loads a plugin. Whatever is imported
// from them costs no byte here, looks like the rest of Airflow, and must exist in the host's version of it.
const hostGlobals = {
  react: "React",
  "react-dom": "ReactDOM",
  "react/jsx-runtime": "ReactJSXRuntime",
  "react-router-dom": "ReactRouterDOM",
  "@chakra-ui/react": "ChakraUI",
  "@emotion/react": "EmotionReact",
};

export default defineConfig({
  build: {
    lib: {
      entry: "src/app.tsx",
      formats: ["umd"],
      name: "AirflowPlugin", // Airflow renders what it finds under this name
      fileName: () => "main.js", // .cjs would be served as octet-stream, which browsers refuse
    },
    outDir: "../plugins/promo_reports/web/static",
    emptyOutDir: false,
    copyPublicDir: false,
    target: "es2022",
    rolldownOptions: { external: Object.keys(hostGlobals), output: { globals: hostGlobals } },
  },
});
