// Swagger UI starts from a file of its own: the policy lets no inline script run.
const place = document.querySelector("#swagger-ui");

// Its own layout has a title and a main landmark; the page around it has both already.
// Its lists of values have no name of their own.
function layoutInsideAPage({ React: { createElement: element } }) {
  const InsideAPage = ({ getComponent, specSelectors }) =>
    element(
      "div",
      { className: "swagger-ui" },
      element(getComponent("SvgAssets")),
      element(getComponent("errors", true)),
      specSelectors.specStr() && element(getComponent("AuthorizeBtnContainer", true)),
      specSelectors.specStr() && element(getComponent("operations", true)),
    );
  const named = (Select) => (props) =>
    element(
      "label",
      null,
      element("span", { className: "visually-hidden" }, "Value"),
      element(Select, props),
    );
  return { components: { InsideAPage }, wrapComponents: { Select: named } };
}

window.SwaggerUIBundle({
  url: place.dataset.url,
  domNode: place,
  plugins: [layoutInsideAPage],
  layout: "InsideAPage",
  deepLinking: false, // its links would stand inside buttons
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: ["get", "post", "put", "patch", "delete"],
  validatorUrl: null,
});
