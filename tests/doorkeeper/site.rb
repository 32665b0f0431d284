# SPDX-License-Identifier: AGPL-3.0-or-later
# A Decidim site as far as signing in goes: Debian's Doorkeeper with Decidim's settings, in one file.
#
#   ruby site.rb PORT CLIENT_ID CLIENT_SECRET CALLBACK...
#
# Everybody is somebody who is signed in and has agreed. `POST /_mode` changes what it says, as
# support/decidim_site.py tells. It listens on loopback only and keeps its tables in a file that goes
# with it.
require "logger"
require "json"
require "tmpdir"
require "action_controller/railtie"
require "active_record/railtie"
require "action_view/railtie"
require "doorkeeper"

PORT, CLIENT, SECRET, *CALLBACKS = ARGV
ADA = { "id" => 1, "email" => "ada@private.example", "name" => "Ada Example", "nickname" => "ada",
        "image" => "https://elsewhere.example/avatar.png" }.freeze
$mode = {}

class Site < Rails::Application
  config.load_defaults 6.1
  config.root = __dir__
  config.eager_load = false
  config.secret_key_base = "a secret of the tests" * 4
  config.logger = Logger.new(File::NULL)
  config.hosts.clear
  config.consider_all_requests_local = false
  config.action_dispatch.show_exceptions = true
end

FOLDER = Dir.mktmpdir("doorkeeper")
at_exit { FileUtils.remove_entry(FOLDER) }
ENV["DATABASE_URL"] = "sqlite3:#{FOLDER}/site.sqlite3"

Doorkeeper.configure do
  orm :active_record
  resource_owner_authenticator { Struct.new(:id).new(1) }
  skip_authorization { true }
  default_scopes :profile
  optional_scopes :user, :"api:read"
  enforce_configured_scopes
  grant_flows %w[authorization_code]
  force_ssl_in_redirect_uri false
  handle_auth_errors :render
end

class ProfileController < ActionController::Base
  before_action :as_told
  before_action -> { doorkeeper_authorize! :profile }

  def me
    if $mode["raw"]
      kind, body = $mode["raw"]
      return render body: body, content_type: kind
    end
    render json: ADA.merge($mode["me"] || {})
  end

  private

  # The token is changed in the tables, and what then happens is Doorkeeper's own.
  def as_told
    token = Doorkeeper::AccessToken.last
    token.update_columns(scopes: "user") if token && $mode["profile"] == false
    token.revoke if token && $mode["revoked"]
  end
end

class ModeController < ActionController::API
  def change
    $mode = JSON.parse(request.raw_post)
    pkce = $mode["pkce"] != false
    # Doorkeeper looks for its columns: without them it is one that knows no PKCE.
    Doorkeeper::AccessGrant.define_singleton_method(:pkce_supported?) { pkce }
    render json: {}
  end
end

Site.initialize!
ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table :oauth_applications do |t|
    t.string :name, null: false
    t.string :uid, null: false
    t.string :secret, null: false
    t.text :redirect_uri, null: false
    t.string :scopes, null: false, default: ""
    t.boolean :confidential, null: false, default: true
    t.timestamps null: false
  end
  create_table :oauth_access_grants do |t|
    t.integer :resource_owner_id, null: false
    t.references :application, null: false
    t.string :token, null: false
    t.integer :expires_in, null: false
    t.text :redirect_uri, null: false
    t.datetime :created_at, null: false
    t.datetime :revoked_at
    t.string :scopes, null: false, default: ""
    t.string :code_challenge
    t.string :code_challenge_method
  end
  create_table :oauth_access_tokens do |t|
    t.integer :resource_owner_id
    t.references :application, null: false
    t.string :token, null: false
    t.string :refresh_token
    t.integer :expires_in
    t.datetime :revoked_at
    t.datetime :created_at, null: false
    t.string :scopes
    t.string :previous_refresh_token, null: false, default: ""
  end
end
Doorkeeper::Application.create!(name: "Beffroi", uid: CLIENT, secret: SECRET, redirect_uri: CALLBACKS.join("\n"))

Rails.application.routes.draw do
  use_doorkeeper
  get "/oauth/me" => "profile#me"
  post "/_mode" => "mode#change"
end

require "rack/handler/puma"
Rack::Handler::Puma.run(Rails.application, Host: "127.0.0.1", Port: PORT.to_i, Threads: "1:1", Silent: true)
