// Shows what the service can do. The validator's badge stays off: it would send the document elsewhere.
window.ui = SwaggerUIBundle({
  dom_id: '#swagger-ui',
  url: '/openapi.json',
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
