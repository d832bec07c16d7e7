// Swagger UI starts from a file of its own: the policy lets no inline script run.
const place = document.querySelector("#swagger-ui");
window.SwaggerUIBundle({
  url: place.dataset.url,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: ["get", "post", "put", "patch", "delete"],
  validatorUrl: null,
});
