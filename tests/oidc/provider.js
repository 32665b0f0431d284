// SPDX-License-Identifier: AGPL-3.0-or-later
// A certified OpenID provider on loopback for the sign-in tests.
//
// One JSON object in the environment variable OIDC_TEST says what it is to be:
//   {"client_id", "client_secret", "redirect_uri", "post_logout_redirect_uri",
//    "signed_userinfo": bool, "auth_method", "id_token_alg": "RS256" | "ES256", "pairwise": bool,
//    "token_seconds": int, "gate": "franceconnect" | "proconnect"}
// With a gate it is as strict as they are: any other parameter, PKCE among them, gets 400.
// It takes a free port and prints one line, {"issuer": "http://127.0.0.1:…"}, when it can be asked.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const asked = JSON.parse(process.env.OIDC_TEST);
const alg = asked.id_token_alg ?? "RS256";

function signingKey(kind) {
  const { privateKey } =
    kind === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: kind };
}

const COMMON = [
  "client_id", "acr_values", "claims", "response_type", "nonce", "state", "redirect_uri", "scope", "prompt", "idp_hint",
];
const GATES = {
  franceconnect: { allowed: COMMON, nonce: /^[0-9a-zA-Z]{64}$/ },
  proconnect: { allowed: [...COMMON, "login_hint", "siret_hint"], nonce: /^[\x21-\x7e]{32,512}$/ },
};
const gate = GATES[asked.gate];

function refused(url) {
  const { pathname, searchParams } = new URL(url, "http://gate.invalid");
  if (!gate || pathname !== "/auth") return null;
  for (const name of searchParams.keys()) if (!gate.allowed.includes(name)) return `property ${name} should not exist`;
  if (!gate.nonce.test(searchParams.get("nonce") ?? "")) return "nonce";
  if ((searchParams.get("state") ?? "").length < 32) return "state";
  if (searchParams.get("acr_values") !== "eidas1") return "acr_values";
  return null;
}

function account(login) {
  if (gate)
    return {
      accountId: login,
      claims: async () => ({
        sub: login, given_name: "Angela Claire Louise", family_name: "DUBOIS", usual_name: "Dubois",
        email: `${login}@oidc.example`, siret: login.startsWith("agent") ? "21350238800019" : "21310555400017",
        birthdate: "1962-08-24",
      }),
    };
  return {
    accountId: login,
    claims: async () => ({
      sub: login,
      name: `Prénom ${login}`,
      email: `${login}@oidc.example`,
      email_verified: true,
      groups: login.startsWith("agent") ? ["town-agents"] : [],
    }),
  };
}

const client = {
  client_id: asked.client_id,
  client_secret: asked.client_secret,
  redirect_uris: [asked.redirect_uri],
  post_logout_redirect_uris: [asked.post_logout_redirect_uri],
  response_types: ["code"],
  grant_types: ["authorization_code"],
  token_endpoint_auth_method: asked.auth_method ?? "client_secret_post",
  id_token_signed_response_alg: alg,
  ...(asked.pairwise ? { subject_type: "pairwise" } : {}),
  ...(asked.signed_userinfo ? { userinfo_signed_response_alg: alg } : {}),
};

const configuration = {
  clients: [client],
  jwks: { keys: [signingKey("RS256"), signingKey("ES256")] },
  cookies: { keys: [randomUUID()] },
  pkce: { required: () => !gate },
  acrValues: ["eidas1"],
  subjectTypes: ["public", "pairwise"],
  pairwiseIdentifier: async (_ctx, accountId) => `pairwise-${accountId}`,
  claims: {
    openid: ["sub"], profile: ["name", "groups"], email: ["email", "email_verified"],
    given_name: ["given_name"], family_name: ["family_name"], usual_name: ["usual_name"], siret: ["siret"],
    acr: null,
  },
  features: {
    devInteractions: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    jwtUserinfo: { enabled: Boolean(asked.signed_userinfo) },
  },
  findAccount: async (_ctx, login) => account(login),
  ttl: { AccessToken: asked.token_seconds ?? 60, IdToken: asked.token_seconds ?? 60, AuthorizationCode: 30 },
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  // The pages of the library say nothing of how strong the proof was; these services do.
  const finished = provider.interactionFinished.bind(provider);
  provider.interactionFinished = (req, res, result, more) =>
    finished(req, res, result.login && gate ? { ...result, login: { ...result.login, acr: "eidas1" } } : result, more);
  const answer = provider.callback();
  server.on("request", (req, res) => {
    const why = refused(req.url);
    if (why === null) return answer(req, res);
    res.writeHead(400, { "Content-Type": "text/plain" });
    return res.end(why);
  });
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
});
process.stdin.on("end", () => process.exit(0)); // ends with whoever started it
process.stdin.resume();
