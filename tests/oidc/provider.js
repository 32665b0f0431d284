// SPDX-License-Identifier: AGPL-3.0-or-later
// A certified OpenID provider on loopback for the sign-in tests.
//
// One JSON object in the environment variable OIDC_TEST says what it is to be:
//   {"client_id", "client_secret", "redirect_uri", "post_logout_redirect_uri",
//    "signed_userinfo": bool, "auth_method", "id_token_alg": "RS256" | "ES256", "pairwise": bool,
//    "token_seconds": int}
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

function account(login) {
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
  pkce: { required: () => true },
  subjectTypes: ["public", "pairwise"],
  pairwiseIdentifier: async (_ctx, accountId) => `pairwise-${accountId}`,
  claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email", "email_verified"] },
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
  server.on("request", provider.callback());
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
});
process.stdin.on("end", () => process.exit(0)); // ends with whoever started it
process.stdin.resume();
